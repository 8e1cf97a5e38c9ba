"""How charts are sampled: the settings behind "Sampling", and the seed."""

import secrets
from dataclasses import dataclass, replace

import gradio as gr

from mug.diffusion.samplers import SAMPLERS, samplers_in_words
from mug.generation.settings import MAX_ENSEMBLE, SamplingSettings
from mug.webui.fields import Fields, Values

MAX_SEED = 2**31 - 1


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
    seed: gr.Number

    @classmethod
    def build(cls, own: SamplingSettings) -> "SamplingPanel":
        """own: the model's settings, with which the controls begin."""
        with gr.Accordion("Sampling", open=False, elem_id="sampling"):
            most = max(200, own.steps)
            steps = gr.Slider(1, most, own.steps, step=1, label="Steps", info="More takes longer.", elem_id="steps")
            guidance_info = "How strictly to follow the prompt; 1 is no guidance."
            low, high = min(1, own.guidance), max(30, own.guidance)
            guidance = gr.Slider(low, high, own.guidance, step=0.5, label="Guidance", info=guidance_info)
            rescale_info = "Takes back what strong guidance adds to every pattern; 0 is off, 0.7 is usual."
            rescale = gr.Slider(0, 1, own.guidance_rescale, step=0.05, label="Guidance rescale", info=rescale_info)
            sampler = gr.Dropdown(list(SAMPLERS), value=own.sampler, label="Sampler", info=samplers_in_words())
            ensemble_info = "Samples combined into each chart. 1 is faster and more random."
            ensemble = gr.Slider(1, MAX_ENSEMBLE, own.ensemble, step=1, label="Ensemble", info=ensemble_info)
            repetition_info = "How often notes come again where the music does. Only for models that count in beats."
            as_people = own.repetition is None
            people_info = "Notes come again as often as in people's charts of these stars."
            usual_repetition = gr.Checkbox(as_people, label="Usual repetition", info=people_info)
            start_at = 0.5 if own.repetition is None else own.repetition
            repetition = gr.Slider(
                0, 1, start_at, step=0.05, label="Repetition", info=repetition_info, visible=not as_people
            )
            with gr.Row(equal_height=True):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED, scale=3)
                dice = gr.Button("🎲 Random", min_width=80, scale=1)
        dice.click(lambda: secrets.randbelow(MAX_SEED), None, seed, show_progress="hidden", api_visibility="private")
        usual_repetition.change(
            lambda usual: gr.update(visible=not usual), usual_repetition, repetition, api_visibility="private"
        )
        return cls(steps, guidance, rescale, sampler, ensemble, usual_repetition, repetition, seed)

    @property
    def fields(self) -> Fields:
        names = ("steps", "guidance", "ensemble", "usual_repetition", "repetition", "sampler", "guidance_rescale")
        return {name: getattr(self, name) for name in (*names, "seed")}

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
