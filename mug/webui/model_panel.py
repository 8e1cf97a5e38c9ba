"""The model that the page's charts are written with."""

import html
from dataclasses import dataclass

import gradio as gr

from mug.webui.fields import Fields, Values
from mug.webui.models import Model, Models


@dataclass(frozen=True)
class ModelPanel:
    """The list of models, and what the chosen one is."""

    models: Models
    choice: gr.Dropdown

    @classmethod
    def build(cls, models: Models) -> "ModelPanel":
        choice = gr.Dropdown(
            [(model.label, model.name) for model in models.usable],
            value=models.first.name,
            label="Keys and model",
            info=html.escape(models.first.about),
            elem_id="model",
        )
        if models.broken:
            lines = [f"{model.name} cannot be loaded: {model.error}" for model in models.broken]
            gr.HTML("".join(f"<p>{html.escape(line)}</p>" for line in lines), elem_id="broken-models")
        choice.change(
            lambda name: gr.update(info=html.escape(models[name].about)),
            choice,
            choice,
            show_progress="hidden",
            api_visibility="private",
        )
        return cls(models, choice)

    @property
    def fields(self) -> Fields:
        return {"model": self.choice}

    def chosen(self, values: Values) -> Model:
        """The chosen model. Raises ConfigError for one that is not in the list."""
        return self.models[values[self.choice]]
