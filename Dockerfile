# MuG for a CPU. From a checkout:
#   docker build --tag mug .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" mug chart --audio song.mp3 --prompt sr=3.5
#   docker run --rm --publish 7860:7860 mug web --host 0.0.0.0

FROM python:3.11-slim AS wheel
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY mug mug
COPY configs configs
COPY models/mug-mini models/mug-mini
COPY models/mug-mini-7k models/mug-mini-7k
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
COPY constraints.txt /wheels/
COPY --from=wheel /wheels /wheels
# The usual builds of torch bring gigabytes of CUDA. To leave them out, name the package index that PyTorch's
# installation page gives for CPUs: docker build --build-arg TORCH_INDEX=... --tag mug .
ARG TORCH_INDEX=""
RUN pip install --no-cache-dir --constraint /wheels/constraints.txt \
    ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} "$(echo /wheels/mug-*.whl)[ui,plots]"
# Any user may run it: what libraries cache goes to /tmp.
ENV HOME=/tmp NUMBA_CACHE_DIR=/tmp/numba
RUN useradd --uid 1000 mug && mkdir /work && chown mug /work
USER 1000
WORKDIR /work
ENTRYPOINT ["mug"]
CMD ["--help"]
