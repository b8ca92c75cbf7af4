# One file for every image of ours. Build one with `docker build --target NAME .`:
#   emitter              the pretend cluster, with promtool for its backfill
#   exporter-with-model  the exporter with the model of `make model` (build/model) inside
#   exporter             the exporter, trainer and sink, without a model; the default, being last
# The stack of docker-compose.yml trains its own model from Prometheus' history, so it never needs build/model.

FROM python:3.12.13-slim-bookworm AS wheels
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
COPY requirements.lock requirements-dev.lock ./
RUN pip wheel --quiet --require-hashes --only-binary :all: --wheel-dir /wheels -r requirements.lock
# The build backend comes from the lock as well, by hash, instead of being fetched unpinned by an isolated build.
RUN awk '/^[a-z]/ {keep = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/} keep' requirements-dev.lock \
        > requirements-build.lock \
    && pip install --quiet --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY commandline commandline
COPY predictor predictor
COPY exporter exporter
COPY trainer trainer
COPY emitter emitter
COPY demo demo
RUN pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels . \
    && python -m venv --without-pip /opt/kip \
    && pip --python /opt/kip/bin/python install --quiet --no-deps --no-index /wheels/*.whl

FROM prom/prometheus:v3.13.2 AS prometheus

# 65534 is the user of the Prometheus images: the pretend cluster writes the history that Prometheus then owns. Volumes
# that are first mounted on these two directories take over their owner.
FROM python:3.12.13-slim-bookworm AS runtime
RUN mkdir /history /model && chown 65534:65534 /history /model
COPY --from=wheels /opt/kip /opt/kip
ENV PATH=/opt/kip/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp MPLCONFIGDIR=/tmp/matplotlib
WORKDIR /tmp
USER 65534:65534

FROM runtime AS emitter
COPY --from=prometheus /bin/promtool /usr/local/bin/promtool
EXPOSE 9101
CMD ["kip-emitter", "serve", "--web.listen-address", ":9101"]

FROM runtime AS exporter-with-model
COPY build/model /model
EXPOSE 9877
CMD ["kip-exporter", "serve", "--model.dir", "/model", "--web.listen-address", ":9877"]

FROM runtime AS exporter
EXPOSE 9877
CMD ["kip-exporter", "serve", "--model.dir", "/model", "--web.listen-address", ":9877"]
