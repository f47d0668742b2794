"""Settings of the project, read from the environment once."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config import env
from config.huey import make_queue
from config.secret_key import kept_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules
DATA_DIR = Path(env.text("CARILLON_DATA_DIR") or BASE_DIR / ("var/test" if TESTING else "var")).resolve()
try:
    # For nobody else on this machine: it holds addresses of people, push tokens and sessions.
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
except OSError as error:
    sys.exit(f"CARILLON_DATA_DIR={DATA_DIR} cannot be used as a folder ({error.strerror}). Name another one.")

DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY") or kept_secret_key(DATA_DIR / "secret_key")
SECRET_KEY_IS_KEPT = not env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
SITE_URL = env.origin("SITE_URL")
SECURE = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL else []

INSTALLED_APPS = [
    "config.apps.ConfigApp",
    "dashboard",
    "notifications",
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
]
MIDDLEWARE = [
    "config.middleware.SecurityHeadersMiddleware",
    "config.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.context.shell",
            ]
        },
    }
]

# --- Database ---------------------------------------------------------------------------------------------------------
SQLITE_OPTIONS: dict[str, Any] = {
    # A transaction that reads and then writes must take the write lock at once: waiting for it later fails at once.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # FULL: what was answered with success survives a power cut.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}
DATABASE_URL = env.url("DATABASE_URL", "postgres", "postgresql", "sqlite")
DATABASES: dict[str, dict[str, Any]] = {
    "default": dict(env.database(DATABASE_URL or f"sqlite:///{DATA_DIR / 'carillon.sqlite3'}"))
}
EMBEDDED = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if EMBEDDED:
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
    # Threads of a test share the file; an in-memory database would refuse them ("table is locked").
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Queue and live bus -----------------------------------------------------------------------------------------------
REDIS_URL = env.url("REDIS_URL", "redis", "rediss", "unix")
if REDIS_URL:
    # Without socket_timeout None, redis-py gives up on a quiet subscription.
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}], "prefix": "carillon"},
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
HUEY = make_queue(REDIS_URL, DATA_DIR, SECRET_KEY)

# --- People -----------------------------------------------------------------------------------------------------------
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
LOGIN_URL = "dashboard:login"
LOGIN_REDIRECT_URL = "dashboard:home"
LOGOUT_REDIRECT_URL = "dashboard:login"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_HTTPONLY = True

# --- Headers ----------------------------------------------------------------------------------------------------------
# The server believes X-Forwarded-For and -Proto from these addresses only, and tells Django what it believes.
CARILLON_TRUSTED_PROXIES = env.addresses("TRUSTED_PROXIES")
SECURE_SSL_REDIRECT = SECURE and env.flag("SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE and env.flag("HSTS_SUBDOMAINS")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

# --- Language, time, files --------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Straight from the folder: nothing to collect, nothing to forget.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# --- Carillon ---------------------------------------------------------------------------------------------------------
CARILLON_ENV_PROBLEMS = env.problems
CARILLON_ENCRYPTION_KEYS = env.words("CARILLON_ENCRYPTION_KEYS")
CARILLON_PORT = env.whole("PORT", 8000, least=1, most=65_535)
CARILLON_SANDBOX = env.flag("CARILLON_SANDBOX")
if CARILLON_SANDBOX:
    # The server speaks to it over the loopback, by plain http, whatever its public name is.
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, "127.0.0.1"]
    SECURE_REDIRECT_EXEMPT = [r"^sandbox/expo/"]
CARILLON_WORKERS = env.whole("CARILLON_WORKERS", 6, least=1)
CARILLON_CALL_DEADLINE = env.seconds("CARILLON_CALL_DEADLINE", timedelta(seconds=30), least=1)
CARILLON_LEASE = env.seconds("CARILLON_LEASE", timedelta(seconds=60), least=1)
CARILLON_SWEEP = env.seconds("CARILLON_SWEEP", timedelta(seconds=15), least=1)
CARILLON_WINDOW = env.whole("CARILLON_WINDOW", 10_000, least=100)
CARILLON_SLICE = env.whole("CARILLON_SLICE", 1_000, least=1)
CARILLON_IMPORT_MAX_BYTES = env.whole("CARILLON_IMPORT_MAX_BYTES", 64 * 1024 * 1024, least=1_024)

NOTIFICATIONS_DEFAULT_LOCALE = env.text("NOTIFICATIONS_DEFAULT_LOCALE") or LANGUAGE_CODE
_host = urlsplit(SITE_URL).hostname or "localhost"
SUPPORT_EMAIL = env.text("SUPPORT_EMAIL") or f"support@{_host}"
_sender = (
    "notifications",
    "Carillon Notifications",
    env.text("NOTIFICATIONS_FROM_EMAIL") or f"notifications@{_host}",
    env.text("NOTIFICATIONS_SMTP_USER"),
    env.text("NOTIFICATIONS_SMTP_PASSWORD"),
)
NOTIFICATION_SENDERS = env.senders("NOTIFICATION_SENDERS") or [_sender]
NOTIFICATION_DEFAULT_SENDER = env.text("NOTIFICATION_DEFAULT_SENDER") or "notifications"
if "NOTIFICATION_SENDERS" in {name for name, *_ in env.problems}:
    NOTIFICATION_DEFAULT_SENDER = "notifications"  # so that the check can say what is wrong

EXPO_NOTIFICATIONS_TOKEN = env.text("EXPO_NOTIFICATIONS_TOKEN") or None
EXPO_NOTIFICATIONS_HOST = env.url("EXPO_NOTIFICATIONS_HOST", "http", "https") or None
# A host that is named goes before the sandbox.
CARILLON_SANDBOX_URL = (
    f"http://127.0.0.1:{CARILLON_PORT}/sandbox/expo"
    if CARILLON_SANDBOX and not EXPO_NOTIFICATIONS_HOST
    else None
)
EXPO_NOTIFICATIONS_HOST = EXPO_NOTIFICATIONS_HOST or CARILLON_SANDBOX_URL
EXPO_NOTIFICATIONS_RATE = env.whole("EXPO_NOTIFICATIONS_RATE", 600)
EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY = env.seconds(
    "EXPO_NOTIFICATIONS_RECEIPT_CHECK_DELAY",
    # The sandbox has its receipts ready within seconds; Expo asks for patience.
    timedelta(seconds=3) if CARILLON_SANDBOX else timedelta(minutes=30),
    least=0,
)
EXPO_NOTIFICATIONS_SENDING_TASK_MAX_RETRIES = env.whole("EXPO_NOTIFICATIONS_SENDING_TASK_MAX_RETRIES", 5)
EXPO_NOTIFICATIONS_SENDING_TASK_RETRY_DELAY = env.seconds(
    "EXPO_NOTIFICATIONS_SENDING_TASK_RETRY_DELAY", timedelta(seconds=30)
)
EXPO_NOTIFICATIONS_CHECKING_TASK_MAX_RETRIES = env.whole("EXPO_NOTIFICATIONS_CHECKING_TASK_MAX_RETRIES", 3)
EXPO_NOTIFICATIONS_CHECKING_TASK_RETRY_DELAY = env.seconds(
    "EXPO_NOTIFICATIONS_CHECKING_TASK_RETRY_DELAY",
    timedelta(seconds=3) if CARILLON_SANDBOX else timedelta(minutes=1),
)

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # A line per message would cost more than the message.
        "aiohttp": {"level": "WARNING"},
        "huey": {"level": "WARNING"},
        "uvicorn.access": {"level": "WARNING"},
        # Each socket would be told here.
        "uvicorn.error": {"level": "WARNING"},
        # Whoever scans the internet asks with names that are not ours: no news, and no traceback.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
