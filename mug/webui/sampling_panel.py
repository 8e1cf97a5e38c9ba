"""How charts are sampled: the settings behind "Advanced". They begin with the chosen model's own."""

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from mug.diffusion.samplers import SAMPLERS, samplers_in_words
from mug.generation.settings import MAX_ENSEMBLE, SamplingSettings
from mug.webui.fields import Fields, Values

MOST_STEPS, STRONGEST = 200, 10.0
MEDIUM_REPETITION = 0.5  # where the slider begins for models without one of their own


@dataclass(frozen=True)
class SamplingPanel:
    """The components of sampling."""

    steps: gr.Slider
    guidance: gr.Slider
    guidance_rescale: gr.Slider
    sampler: gr.Dropdown
    ensemble: gr.Slider
    usual_repetition: gr.Checkbox
    repetition: gr.Slider

    @classmethod
    def build(cls, own: SamplingSettings) -> "SamplingPanel":
        """own: the model's settings."""
        with gr.Accordion("Advanced", open=False, elem_id="sampling"):
            gr.Markdown("How the model works. Its own settings are good for most songs.")
            ensemble = gr.Slider(
                1,
                MAX_ENSEMBLE,
                own.ensemble,
                step=1,
                label="Samples per chart",
                info="The chart is made of what these agree on. Fewer are faster and more random; 1 is a single draft.",
                elem_id="ensemble",
            )
            steps = gr.Slider(
                1,
                max(MOST_STEPS, own.steps),
                own.steps,
                step=1,
                label="Steps per sample",
                info="More are finer and take longer.",
                elem_id="steps",
            )
            guidance = gr.Slider(
                min(1, own.guidance),
                max(STRONGEST, own.guidance),
                own.guidance,
                step=0.5,
                label="Guidance",
                info="How strictly the wishes are followed. 1 is off; above it, charting takes twice as long.",
                elem_id="guidance",
            )
            rescale = gr.Slider(
                0,
                1,
                own.guidance_rescale,
                step=0.05,
                label="Guidance correction",
                info="Strong guidance exaggerates. This takes it back: 0 is off, 0.7 is usual.",
            )
            sampler = gr.Dropdown(list(SAMPLERS), value=own.sampler, label="Sampler", info=samplers_in_words())
            usual_repetition = gr.Checkbox(
                own.repetition is None,
                label="Repeat notes as people's charts do",
                info="Where the music repeats, as often as in people's charts of these stars.",
            )
            repetition = gr.Slider(
                0,
                1,
                MEDIUM_REPETITION if own.repetition is None else own.repetition,
                step=0.05,
                label="Repetition",
                info="How often notes come again where the music does: 0 is never, 1 is always.",
                visible=own.repetition is not None,
            )
        usual_repetition.change(
            lambda usual: gr.update(visible=not usual),
            usual_repetition,
            repetition,
            show_progress="hidden",
            api_visibility="private",
        )
        return cls(steps, guidance, rescale, sampler, ensemble, usual_repetition, repetition)

    @property
    def fields(self) -> Fields:
        names = ("steps", "guidance", "ensemble", "usual_repetition", "repetition", "sampler", "guidance_rescale")
        return {name: getattr(self, name) for name in names}

    @property
    def followers(self) -> list[Any]:
        """The components that `follow` changes."""
        return list(self.fields.values())

    def follow(self, own: SamplingSettings) -> dict[Any, Any]:
        """Return the updates for another model: its own settings."""
        usual = own.repetition is None
        return {
            self.steps: gr.update(value=own.steps, maximum=max(MOST_STEPS, own.steps)),
            self.guidance: gr.update(
                value=own.guidance, minimum=min(1, own.guidance), maximum=max(STRONGEST, own.guidance)
            ),
            self.guidance_rescale: own.guidance_rescale,
            self.sampler: own.sampler,
            self.ensemble: own.ensemble,
            self.usual_repetition: usual,
            self.repetition: gr.update(value=MEDIUM_REPETITION if usual else own.repetition, visible=not usual),
        }

    def settings(self, values: Values, own: SamplingSettings) -> SamplingSettings:
        """The model's own settings with the visitor's in their place."""
        return replace(
            own,
            steps=int(values[self.steps]),
            guidance=values[self.guidance],
            guidance_rescale=values[self.guidance_rescale],
            sampler=values[self.sampler],
            ensemble=int(values[self.ensemble]),
            repetition=None if values[self.usual_repetition] else values[self.repetition],
        )
