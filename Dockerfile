FROM python:3.11.13-slim-bookworm AS build
WORKDIR /app
COPY requirements.lock ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY . .
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data liandong && install -d -o liandong -g liandong -m 0700 /data
COPY --from=build /venv /venv
COPY worker.py /app/worker.py
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LIANDONG_DATA_DIR=/data
USER liandong
VOLUME /data
CMD ["liandong", "api"]
