"""YAML configurations: files merge left to right, then `key.sub=value` overrides; a node is `target` + `params`."""

import importlib
import inspect
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mug.errors import ConfigError

PACKAGE = Path(__file__).resolve().parent
OVER, REMOVE = "over", "~"  # in overlays, see load_config
# Holds configs/ and models/: the checkout, or what a wheel carries of it inside the installed package.
PROJECT_ROOT = PACKAGE / "shipped" if (PACKAGE / "shipped").is_dir() else PACKAGE.parent
# By key count, free for all: what is used where no other model is named.
SHIPPED_MODELS = {4: Path("models/mug-mini"), 7: Path("models/mug-mini-7k")}
SHIPPED_MODEL = SHIPPED_MODELS[4]
# Removed parameters of networks, with the value that has no effect: older checkpoints still have them.
REMOVED = {"vlb_weight": 0, "weight_balanced": 0}
# what OmegaConf raises where a list would replace a mapping, and the like
MERGE_ERRORS = (
    OmegaConfBaseException,
    yaml.YAMLError,
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
    AssertionError,
)
# what a constructor makes of a value of another type or size than it expects
WRONG_VALUES = (TypeError, ValueError, ArithmeticError, AttributeError, LookupError, AssertionError, RuntimeError)
Built = TypeVar("Built")


def find_file(path: str | Path) -> Path:
    """Return `path` where it exists, else the same path under the project root where that exists, else `path` again."""
    path = Path(path)
    if not path.exists() and not path.is_absolute() and (PROJECT_ROOT / path).exists():
        return PROJECT_ROOT / path
    return path


def shipped_model(keys: int | None = None) -> Path:
    """Return the shipped model that writes charts of so many keys; of 4 where nobody says. Raises ConfigError."""
    if keys is None:
        return SHIPPED_MODEL
    if keys not in SHIPPED_MODELS:
        shipped = " and ".join(f"{number}K" for number in SHIPPED_MODELS)
        raise ConfigError(f"the shipped models write {shipped}; for {keys}K, give a model of your own as --checkpoint")
    return SHIPPED_MODELS[keys]


def load_config(files: Iterable[str | Path], dotlist: Iterable[str] = ()) -> dict[str, Any]:
    """Merge YAML `files` left to right, then the `key.sub=value` overrides, into a plain dict.

    A file with the key `over` is an overlay: it says what is different from the file that it names, which has to come
    first. In an overlay `~key: null` removes a key of the files before it; the same key beside it starts afresh.
    Raises ConfigError for a missing or unreadable file, and for an override that is no `key=value`.
    """
    merged = OmegaConf.create({})
    for file in files:
        path = find_file(file)
        if not path.is_file():
            raise ConfigError(f"{file}: no such config file; the shipped ones are in configs/mug/")
        try:
            node = OmegaConf.load(path)
            if isinstance(node, DictConfig) and OVER in node:
                base = node.pop(OVER)
                if not merged:
                    raise ConfigError(f"{file}: is an overlay on {base}: give both, --base {base} {file}")
                _remove(merged, node, str(file))
            merged = OmegaConf.merge(merged, node)  # type: ignore[assignment]
        except (yaml.YAMLError, OmegaConfBaseException, UnicodeDecodeError, OSError, TypeError) as error:
            raise ConfigError(f"{file}: not a readable YAML config: {error}") from error
    for item in dotlist:
        if "=" not in item:
            raise ConfigError(f"override '{item}' is not key.sub=value")
        try:
            merged = OmegaConf.merge(merged, OmegaConf.from_dotlist([item]))  # type: ignore[assignment]
        except MERGE_ERRORS as error:
            raise ConfigError(f"override '{item}' does not fit the configuration: {_first_line(error)}") from error
    return _plain(merged)


def _remove(merged: DictConfig, overlay: DictConfig, file: str, place: str = "") -> None:
    """Carry out the `~key`s of an overlay. Raises ConfigError for a key that is not there."""
    for key in list(overlay):
        name = str(key).removeprefix(REMOVE)
        if name != key:
            if name not in merged or overlay[key] is not None:
                raise ConfigError(
                    f"{file}: {place}{key} removes a key of the files before it: write {key}: null, and give the file "
                    f"first that has {place}{name}"
                )
            del merged[name], overlay[key]
        elif isinstance(overlay[key], DictConfig) and key in merged and isinstance(merged[key], DictConfig):
            _remove(merged[key], overlay[key], file, f"{place}{key}.")


def merge_configs(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` with `changes` on top of it. Raises ConfigError where they do not fit."""
    try:
        merged = OmegaConf.merge(config, changes)
    except MERGE_ERRORS as error:
        raise ConfigError(f"the changes do not fit the configuration of the run: {_first_line(error)}") from error
    return _plain(merged)


def _plain(merged: Any) -> dict[str, Any]:
    """Resolve a configuration into plain dicts and lists."""
    try:
        plain = OmegaConf.to_container(merged, resolve=True)
    except MERGE_ERRORS as error:
        raise ConfigError(f"cannot merge the configuration: {_first_line(error)}") from error
    if not isinstance(plain, dict):
        raise ConfigError("a configuration is a mapping with the keys model, data and lightning")
    return {str(key): value for key, value in plain.items()}


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def without_removed(config: Any) -> Any:
    """Return a copy of a checkpoint's configuration without the keys of REMOVED that change nothing.

    A key with any other value stays, and building the network then reports it as unknown.
    """
    if isinstance(config, dict):
        kept = {key: value for key, value in config.items() if key not in REMOVED or value != REMOVED[key]}
        return {key: without_removed(value) for key, value in kept.items()}
    if isinstance(config, list):
        return [without_removed(value) for value in config]
    return config


def without_ckpt_paths(config: Any) -> Any:
    """Return a copy of a configuration in which no model is initialised from another checkpoint.

    It goes with complete weights, so that rebuilding the model needs only that file.
    """
    if isinstance(config, dict):
        return {key: None if key == "ckpt_path" else without_ckpt_paths(value) for key, value in config.items()}
    if isinstance(config, list):
        return [without_ckpt_paths(value) for value in config]
    return config


def get_obj_from_str(target: str) -> Any:
    """Return the object that a dotted path names. Raises ConfigError when there is none."""
    module_name, _, name = target.rpartition(".")
    if not module_name or module_name.startswith("."):
        raise ConfigError(f"target '{target}' is not a dotted path such as mug.diffusion.unet.UNetModel")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ConfigError(f"target '{target}': no module named '{error.name}'") from error
    if not hasattr(module, name):
        raise ConfigError(f"target '{target}': module {module_name} has no '{name}'")
    return getattr(module, name)


def instantiate_from_config(config: Mapping[str, Any], where: str = "config", kind: type = object) -> Any:
    """Build `config["target"]` with `config["params"]` as keyword arguments.

    `where` is the node's place in the configuration, for error messages; `kind` what belongs there, for a configuration
    may be a stranger's, and any program on this machine has a dotted path. Raises ConfigError that names the key for a
    key other than target and params, an unknown target, one of another kind, an unknown parameter, or a missing one,
    and for values that the constructor trips over, whose exception is its cause.
    A class whose nodes say more than its constructor takes has a class method `from_params(params, where)`, which
    builds it instead.
    """
    if not isinstance(config, Mapping) or "target" not in config:
        raise ConfigError(f"{where}: expected a node with 'target' and 'params', got {config!r}")
    unknown = sorted(set(config) - {"target", "params"})
    if unknown:
        raise ConfigError(f"{where}: unknown key '{unknown[0]}'; a node has only 'target' and 'params'")
    target, params = config["target"], config.get("params") or {}
    if not isinstance(target, str) or not isinstance(params, Mapping):
        raise ConfigError(f"{where}: target is a dotted path and params a mapping, got {target!r} and {params!r}")
    constructor = get_obj_from_str(target)
    if not isinstance(constructor, type) or not issubclass(constructor, kind):
        raise ConfigError(f"{where}: target '{target}' is not a {kind.__name__}, which belongs there")
    if hasattr(constructor, "from_params"):
        return constructor.from_params(params, where)
    check_params(constructor, params, where=f"{where}.params")
    return construct(constructor, params, where)


def construct(constructor: type[Built], params: Mapping[str, Any], where: str) -> Built:
    """Call a constructor with params as keyword arguments. Raises ConfigError for values that it trips over."""
    try:
        return constructor(**params)
    except WRONG_VALUES as error:
        raise ConfigError(
            f"{where}: {constructor.__name__} cannot be built with these params: {type(error).__name__}: "
            f"{_first_line(error)}"
        ) from error


def check_params(constructor: Any, params: Mapping[str, Any], where: str, others: Iterable[str] = ()) -> None:
    """Raise ConfigError when `constructor` does not take one of `params`, or needs one that is absent.

    others: keys that are known although they are not the constructor's.
    """
    signature = inspect.signature(constructor).parameters.values()
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in signature):
        known = [*(parameter.name for parameter in signature), *others]
        for key in params:
            if key not in known:
                close = get_close_matches(str(key), known, n=1)
                hint = f"did you mean '{close[0]}'? " if close else ""
                raise ConfigError(
                    f"{where}: unknown key '{key}'; {hint}{constructor.__name__} knows {', '.join(known)}"
                )
    for parameter in signature:
        keyword = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if keyword and parameter.default is parameter.empty and parameter.name not in params:
            raise ConfigError(f"{where}: '{parameter.name}' is missing; {constructor.__name__} needs it")
