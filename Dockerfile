# syntax=docker/dockerfile:1
# Callmark as an image: see docs/operators.md, "In a container". Every RUN line is a step of
# docker/steps.sh, which `make image-steps` runs where there is no engine to build this with.
# A release names the base by its digest; the tag here is what that digest is looked up from.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE requirements.lock ./
COPY gateway ./gateway/
COPY docker ./docker/
RUN docker/steps.sh install /source /opt/callmark
RUN docker/steps.sh directories /var/lib/callmark 10001:10001

FROM ${BASE}
LABEL org.opencontainers.image.title="Callmark" \
      org.opencontainers.image.description="A STIR/SHAKEN gateway beside a carrier's switches" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/callmark /opt/callmark
COPY --from=build /source/docker/health.py /opt/callmark/health.py
COPY --from=build --chown=10001:10001 /var/lib/callmark /var/lib/callmark
COPY --chown=root:10001 config /etc/callmark

# No listener is opened to the network here: [listen] says 127.0.0.1 until the operator says otherwise,
# with CALLMARK_LISTEN__CALLS=0.0.0.0:8080 and CALLMARK_LISTEN__CONTROL=0.0.0.0:8081.
ENV PATH=/opt/callmark/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    USER=callmark \
    CALLMARK_CONFIG_DIRECTORY=/etc/callmark \
    CALLMARK_DATA__DIRECTORY=/var/lib/callmark/data
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/callmark
VOLUME ["/etc/callmark", "/var/lib/callmark"]
EXPOSE 8080 8081 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["/opt/callmark/bin/python", "/opt/callmark/health.py"]
ENTRYPOINT ["/opt/callmark/bin/callmark"]
CMD ["serve"]
