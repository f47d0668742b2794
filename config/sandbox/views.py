"""The two doors of the sandbox: send messages, ask for receipts. No database, no memory, no login."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from config.sandbox import fate, protocol
from notifications import clock

BODY_BYTES = 2 * 1024 * 1024
"""No request of the protocol is larger once unpacked: a hundred messages of 4096 bytes, or a thousand ids."""

View = Callable[[HttpRequest], HttpResponse]
Asked = TypeVar("Asked")


def _only_in_sandbox(view: View) -> View:
    """Hide a view unless the sandbox is on, so that a forgotten route gives nothing away."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not getattr(settings, "CARILLON_SANDBOX", False):
            raise Http404
        return view(request)

    return guarded


@csrf_exempt
@_only_in_sandbox
@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """Take messages, give a ticket for each."""
    sending = _read(request, protocol.read_sending)
    if isinstance(sending, protocol.Refusal):
        return _refused(sending)
    for token, _ in sending.recipients:
        if refusal := fate.refusal_for(token):
            return _refused(refusal)
    key = _key()
    return JsonResponse(
        sending.answer([_ticket(key, token, message) for token, message in sending.recipients])
    )


@csrf_exempt
@_only_in_sandbox
@require_POST
def receipts(request: HttpRequest) -> HttpResponse:
    """Give the receipts that are out; every other id is left out of the answer."""
    ids = _read(request, protocol.read_question)
    if isinstance(ids, protocol.Refusal):
        return _refused(ids)
    key, moment = _key(), clock.now()
    issued = {each: fate.read(key, each) for each in ids}
    out = {
        each: protocol.receipt(said.ending) for each, said in issued.items() if said and said.is_out(moment)
    }
    return JsonResponse({"data": out})


def _ticket(key: bytes, token: str, message: Any) -> protocol.Answer:
    if error := protocol.fault_of(token, message):
        return protocol.error_ticket(error, token)
    nonce, moment = os.urandom(fate.NONCE_BYTES), clock.now()
    decided = fate.decide(token, nonce, moment)
    if decided.ticket_error:
        return protocol.error_ticket(decided.ticket_error, token)
    return protocol.ok_ticket(fate.issue(key, decided.ending, moment, nonce))


def _read(request: HttpRequest, read: Callable[[Any], Asked | protocol.Refusal]) -> Asked | protocol.Refusal:
    body = _unpacked(request)
    value = body if isinstance(body, protocol.Refusal) else protocol.read_json(body)
    return value if isinstance(value, protocol.Refusal) else read(value)


def _unpacked(request: HttpRequest) -> bytes | protocol.Refusal:
    """The body, gunzipped where its header says so, and never more than `BODY_BYTES` of it."""
    if request.headers.get("Content-Encoding", "").lower() != "gzip":
        return request.body
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        body = unpacker.decompress(request.body, BODY_BYTES)
    except zlib.error:
        return protocol.invalid("The body is not gzip, although its header says so.")
    return body if unpacker.eof else protocol.invalid("The gzip body is cut off or too large.")


def _refused(refusal: protocol.Refusal) -> HttpResponse:
    response = JsonResponse(refusal.answer(), status=refusal.status)
    if refusal.status == 429:
        response["Retry-After"] = "5"
    return response


def _key() -> bytes:
    return hashlib.blake2b(settings.SECRET_KEY.encode(), person=b"sandbox ticket", digest_size=32).digest()
