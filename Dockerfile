# The gateway as a container: the same lock file as everywhere else, no compiler, no root.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/hitotsu
COPY requirements/runtime.lock requirements/
RUN /opt/hitotsu/bin/python -m pip install --no-cache-dir --no-deps --require-hashes -r requirements/runtime.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY standard_models standard_models
COPY adapters adapters
COPY gateway gateway
COPY migrations migrations
RUN /opt/hitotsu/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/hitotsu --create-home hitotsu
COPY --from=build /opt/hitotsu /opt/hitotsu
ENV PATH=/opt/hitotsu/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HITOTSU_DATABASE_URL=sqlite+aiosqlite:////var/lib/hitotsu/hitotsu.db \
    HITOTSU_KEYS_DIR=/var/lib/hitotsu/keys \
    HITOTSU_ADAPTERS_FILE=/etc/hitotsu/adapters.yaml \
    HITOTSU_BACKUP_KEYS_FILE=/etc/hitotsu/backup-keys.txt
USER hitotsu
WORKDIR /var/lib/hitotsu
VOLUME /var/lib/hitotsu
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
CMD ["hitotsu", "serve", "--host", "0.0.0.0", "--port", "8000"]
