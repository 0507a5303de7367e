"""The requester's rating: by a private link that only the progress code opens, once, within its window."""

import logging
import secrets
from datetime import timedelta
from typing import Final

from pydantic import Field

from domain.case import CaseRecord
from domain.errors import ErrorCategory, LiandongError, conflict, not_found
from domain.fact import Fact, FactKind
from domain.follow_up import Rating, RatingGiven, TakeRating
from domain.follow_up_order import FollowUpOrder, RatingLink
from domain.store_ports import StoreSession
from domain.wire import Instant, Wire
from services.authenticate import token_hash
from services.by_itself import by_itself
from services.draft_precedents import draft_anew
from services.office import Office
from services.order_follow_ups import order_next

_log = logging.getLogger(__name__)

BATCH: Final = 50
_TOKEN_BYTES: Final = 32
_FIRST_PAUSE: Final = timedelta(seconds=2)
_LONGEST_PAUSE: Final = timedelta(minutes=5)


class IssuedLink(Wire):
    """The token is told this once; nothing but its hash is kept."""

    token: str
    closes_at: Instant


class RatingInput(Wire):
    coordination: Rating
    item: Rating | None = None
    comment: str = Field(default="", max_length=2_000)
    real_name: bool = True


class RatingReceipt(Wire):
    case_id: str
    received_at: Instant
    delivered: bool
    """False: kept safely, the follow-up takes it in as soon as the engine is back."""


async def issue_rating_link(office: Office, record: CaseRecord) -> IssuedLink:
    """For the holder of the progress code alone, who has opened `record` with it; an earlier unused link of the same
    follow-up opens nothing any more.

    Raises CONFLICT `not-rateable-yet`, `already-rated`, `rating-closed`.
    """
    now = office.time.now()
    async with office.store.writing() as session:
        # The case first, as everywhere: two who lock in different orders wait for each other for ever
        await session.cases.hold(record.case_id)
        orders = await session.follow_ups.of_case(record.case_id)
        if not orders:
            raise conflict("not-rateable-yet", "the case can be rated once it has its outcome")
        order = orders[-1]
        await session.follow_ups.get(order.follow_up_id, lock=True)
        closes_at = order.rating_closes_at
        if await is_rated(session, order):
            raise _already_rated()
        if now > closes_at:
            raise _closed()
        token = f"lr_{secrets.token_urlsafe(_TOKEN_BYTES)}"
        link = RatingLink(
            token_hash=token_hash(token),
            follow_up_id=order.follow_up_id,
            case_id=order.case_id,
            issued_at=now,
            closes_at=closes_at,
        )
        await session.rating_links.add(link)
        await session.facts.append(order.case_id, [_issued(office, link)])
    return IssuedLink(token=token, closes_at=closes_at)


async def rate_case(office: Office, case_id: str, token: str, given: RatingInput) -> RatingReceipt:
    """Durable before anything else happens with it; the same rating again gets the same receipt.

    Raises NOT_FOUND `unknown-link` (also for the link of another case), CONFLICT `already-rated`, `rating-closed`.
    """
    now = office.time.now()
    async with office.store.writing() as session:
        link = await _held_link(session, token_hash(token), case_id)
        if link.rating is not None:
            if RatingInput.model_validate(link.rating.model_dump(exclude={"received_at"})) != given:
                raise _already_rated()
        else:
            order = await session.follow_ups.get(link.follow_up_id, lock=True)
            # A notice may have given more time since the link was told
            if now > max(link.closes_at, order.rating_closes_at if order else link.closes_at):
                raise _closed()
            if order is not None and await is_rated(session, order):
                raise _already_rated()
            rating = RatingGiven(**given.model_dump(), received_at=now)
            link = link.model_copy(update={"rating": rating})
            await session.rating_links.save(link)
    delivered = link.delivered_at is not None or await _deliver(office, link)
    return RatingReceipt(
        case_id=case_id, received_at=link.rating.received_at if link.rating else now, delivered=delivered
    )


async def is_rated(session: StoreSession, order: FollowUpOrder) -> bool:
    """One for each follow-up, whichever way it came."""
    links = await session.rating_links.of_follow_up(order.follow_up_id)
    return order.has_rating or any(link.rating for link in links)


async def relay_ratings(office: Office) -> int:
    """Bring stored ratings into their follow-ups, one batch; returns how many were settled. Repeats do no harm."""
    async with office.store.reading() as session:
        waiting = await session.rating_links.undelivered(office.time.now(), BATCH)
    settled = 0
    for link in waiting:
        delivered = False
        with by_itself(link.follow_up_id):
            delivered = await _deliver(office, link)
        if delivered:
            settled += 1
        elif await office.engine.ready() is not None:
            break
        else:
            await _put_off(office, link)
    return settled


async def _put_off(office: Office, link: RatingLink) -> None:
    """Its follow-up is lost, or does not say yet that it has ended: others come first meanwhile."""
    async with office.store.writing() as session:
        current = await session.rating_links.get(link.token_hash, lock=True)
        if current is None or current.delivered_at is not None:
            return
        pause = min(_FIRST_PAUSE * 2 ** min(current.attempts, 20), _LONGEST_PAUSE)
        tried = {"attempts": current.attempts + 1, "next_attempt_at": office.time.now() + pause}
        await session.rating_links.save(current.model_copy(update=tried))


async def _deliver(office: Office, link: RatingLink) -> bool:
    if link.rating is None:
        return False
    command = TakeRating(command_id=f"rate.{link.token_hash[:40]}", decided_by="requester", rating=link.rating)
    try:
        await office.follow_ups.act(link.follow_up_id, command)
    except LiandongError as error:
        if error.category not in (ErrorCategory.NOT_FOUND, ErrorCategory.CONFLICT):
            _log.warning("rating for %s stays for the next time: %s", link.follow_up_id, error.code)
            return False
        return await _over_already(office, link)
    return await _settle(office, link)


async def _over_already(office: Office, link: RatingLink) -> bool:
    """It came in time and found the follow-up over: another one takes it in, so that a bad review is answered for."""
    await draft_anew(office, link.case_id)
    async with office.store.writing() as session:
        record = await session.cases.get(link.case_id, lock=True)
        order = await session.follow_ups.get(link.follow_up_id, lock=True)
        current = await session.rating_links.get(link.token_hash, lock=True)
        if current is None or current.delivered_at is not None:
            return True
        if not _ended(order):
            # Not begun, or its end is still on its way into the store
            return False
        await order_next(office, session, record, brought=link.rating)
        await session.rating_links.save(current.model_copy(update={"delivered_at": office.time.now()}))
    return True


async def _held_link(session: StoreSession, hashed: str, case_id: str) -> RatingLink:
    """Held, with its case and its follow-up. Raises NOT_FOUND."""
    named = await session.rating_links.get(hashed)
    if named is None or named.case_id != case_id:
        raise _unknown_link()
    await session.cases.hold(named.case_id)
    await session.follow_ups.get(named.follow_up_id, lock=True)
    held = await session.rating_links.get(hashed, lock=True)
    if held is None:
        raise _unknown_link()
    return held


def _ended(order: FollowUpOrder | None) -> bool:
    return order is not None and order.snapshot is not None and order.snapshot.ended_at is not None


async def _settle(office: Office, link: RatingLink) -> bool:
    # Before it counts as delivered: whatever dies in between, the rating is relayed and drafted once more
    await draft_anew(office, link.case_id)
    async with office.store.writing() as session:
        await session.rating_links.save(link.model_copy(update={"delivered_at": office.time.now()}))
    return True


def _issued(office: Office, link: RatingLink) -> Fact:
    return Fact(
        fact_id=f"{link.follow_up_id}.link.{office.new_id()}",
        case_id=link.case_id,
        kind=FactKind.RATING_LINK_ISSUED,
        at=link.issued_at,
        actor="requester",
        request_id=link.follow_up_id,
        data={"closes_at": link.closes_at.isoformat()},
    )


def _unknown_link() -> LiandongError:
    return not_found("unknown-link", "this link does not open a rating of this case")


def _already_rated() -> LiandongError:
    return conflict("already-rated", "this follow-up has its rating")


def _closed() -> LiandongError:
    return conflict("rating-closed", "the time to rate is over")
