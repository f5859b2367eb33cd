"""What providers tell us, each in a module of its own."""

from fastapi import APIRouter

from dashboard.adapters.webhooks import twilio

router = APIRouter(tags=["webhooks"])
router.include_router(twilio.router)
