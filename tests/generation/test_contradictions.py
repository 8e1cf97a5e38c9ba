"""Prompts that no chart can fulfil are told from those that one can."""

import pytest

from mug.generation.contradictions import contradiction


@pytest.mark.parametrize(
    "prompt",
    [
        {},
        {"sr": 3.0, "ln_ratio": 0.5, "ln": True, "hb": True, "rc": False},
        {"ln_ratio": 0.33, "hb": True},
        {"rc": True, "hb": False, "ln": 0},
        {"rc": False, "hb": False},  # over 70 %
        {"ln_ratio": 0.0, "ln": None},
        {"ln_ratio": 0.4, "ln": 1},
    ],
)
def test_a_chart_can_be_all_of_it(prompt):
    assert contradiction(prompt) == ""


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ({"ln_ratio": 0, "ln": True}, "0% long notes and a long-note chart (40 % long notes or more)"),
        ({"rc": 1, "stream": True, "hb": 1}, "rice (under 10 % long notes) and a hybrid (10 to 70 % long notes)"),
        (
            {"rc": False, "hb": False, "ln": False},
            "10 % long notes or more (no rice), under 10 % or over 70 % long notes (no hybrid) and under 40 % long "
            "notes (no long-note chart)",
        ),
    ],
)
def test_what_contradicts_is_said(prompt, words):
    assert contradiction(prompt) == f"the prompt asks for {words}: no chart is that at once"
