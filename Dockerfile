# One image, run once for each service: docker-compose.yml.

FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
# The build hook fetches Node from PyPI and bundles the pages; nothing else needs to be installed.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GASWATCH_DATA_DIR=/var/lib/gaswatch \
    GASWATCH_LOG_FORMAT=json
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin gaswatch \
    && install --directory --owner gaswatch --group gaswatch --mode 0700 \
        /var/lib/gaswatch /var/lib/gaswatch-broker
COPY requirements/runtime.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --require-hashes --requirement /tmp/requirements.txt \
    && rm /tmp/requirements.txt
COPY --from=build /wheels/ /wheels/
RUN pip install --no-cache-dir --no-deps --no-index /wheels/*.whl && rm -r /wheels
USER gaswatch
WORKDIR /var/lib/gaswatch
VOLUME ["/var/lib/gaswatch"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["gaswatch"]
CMD ["--help"]
