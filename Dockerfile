# The service's image. Build it in a checkout: docker build --tag persona-reviewer .
# Here the base has the tag of a version; the release workflow hands in its digest besides. No
# syntax line: BuildKit has all that is used here built in, and one image less is trusted.
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_INPUT=1
WORKDIR /source
# The lock changes seldom, so its layer is reused by nearly every build. Only wheels with the hashes
# of the lock are installed, so that no code of a package runs here.
COPY requirements.lock requirements-server.lock ./
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/reviewer \
    && python -m pip --python /opt/reviewer/bin/python install \
        --require-hashes --only-binary :all: --requirement requirements-server.lock
# The build backend stands in the small lock, with hashes, and never reaches the image.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/builder \
    && python -m pip --python /opt/builder/bin/python install \
        --require-hashes --only-binary :all: --requirement requirements.lock
COPY pyproject.toml README.md CHANGELOG.md LICENSE ./
COPY personas personas
COPY prompts prompts
COPY reviewer reviewer
RUN python -m pip --python /opt/builder/bin/python wheel \
        --no-cache-dir --no-deps --no-index --no-build-isolation --wheel-dir /wheels . \
    && python -m pip --python /opt/reviewer/bin/python install --no-cache-dir --no-deps --no-index /wheels/*.whl \
    && mkdir /state

FROM ${PYTHON_IMAGE}
ARG VERSION=0.0.0+local
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Persona Reviewer" \
      org.opencontainers.image.description="Reviews pull requests with the personas that fit them: the GitHub App's service" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="https://github.com/persona-reviewer/persona-reviewer" \
      org.opencontainers.image.documentation="https://github.com/persona-reviewer/persona-reviewer/blob/main/docs/operations.md" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# HOME: the user has no entry in /etc/passwd, and everything that may be written stands in /data
# and /tmp. Byte code came with the packages; on a read-only file system none could be added.
ENV PATH=/opt/reviewer/bin:$PATH \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/data \
    REVIEWER_STATE=/data \
    REVIEWER_SERVER_DATA_FOLDER=/data \
    REVIEWER_SERVER_HOST=0.0.0.0 \
    REVIEWER_SERVER_PORT=8080
COPY --from=build /opt/reviewer /opt/reviewer
COPY --from=build --chown=10001:10001 /state /data
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8080
STOPSIGNAL SIGTERM
USER 10001:10001
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
    CMD ["python", "-I", "-m", "reviewer.entrypoints.health"]
ENTRYPOINT ["reviewer"]
CMD ["serve"]
