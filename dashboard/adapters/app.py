"""The dashboard's HTTP application, put together from its routes."""

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from dashboard.adapters import (
    alarm_pages,
    callbacks,
    contacts_pages,
    metrics,
    pages,
    problems,
    signing,
    site_pages,
    sse,
    upkeep_pages,
    webhooks,
    windows_pages,
)
from dashboard.adapters.api import (
    alarm_actions,
    alarms,
    answers,
    contacts,
    detectors,
    hazards,
    kpis,
    own,
    places,
    rehearsals,
    reports,
    windows,
)
from dashboard.adapters.parts import Parts
from dashboard.adapters.security import Guard


def create_app(parts: Parts) -> FastAPI:
    """An ASGI application over `parts`; it starts and stops nothing."""
    app = FastAPI(
        title="gaswatch",
        version=parts.options.version,
        openapi_url="/api/v1/openapi.json",
        # The interactive documents load scripts from elsewhere, which our own policy forbids.
        docs_url=None,
        redoc_url=None,
    )
    app.state.parts = parts
    problems.add_handlers(app)
    for module in (
        alarms,
        alarm_actions,
        windows,
        places,
        detectors,
        reports,
        kpis,
        rehearsals,
        contacts,
        hazards,
        own,
        sse,
        webhooks,
        callbacks,
        metrics,
        signing,
        pages,
        alarm_pages,
        site_pages,
        upkeep_pages,
        windows_pages,
        contacts_pages,
    ):
        app.include_router(module.router)
    if parts.options.static is not None:
        app.mount("/static", StaticFiles(directory=parts.options.static), name="static")
    answers.document(app)
    app.add_middleware(Guard)
    return app
