"""Where answers and decisions arrive: each goes to the subject it concerns."""

from collections.abc import Sequence

from temporalio import workflow

from domain.decision import Decision
from domain.errors import conflict, invalid
from domain.fact import FactKind
from domain.proof import told
from domain.reply import Answer
from domain.reply_text import reply_text
from workflows.casebook import Casebook
from workflows.request import Request
from workflows.subject import Handler, Subject

_YES_NO = {True: "yes", False: "no", None: None}


class Desk:
    """Knows the subjects; they know the book."""

    def __init__(self, book: Casebook) -> None:
        self._book = book
        self._handlers: dict[type[Decision], Handler] = {}

    def open(self, subjects: Sequence[Subject]) -> None:
        self._book.subjects.extend(subjects)
        for subject in subjects:
            self._handlers.update(subject.handlers())

    def check(self, decision: Decision) -> None:
        """Raises the refusal. Changes nothing."""
        ended = self._book.outcome
        if ended is not None:
            raise conflict("case-ended", f"the case ended as {ended.outcome.value}, decided by {ended.decided_by}")
        handler = self._handlers.get(type(decision))
        if handler is None:
            raise invalid("unknown-decision", f"this case does not know the decision {decision.kind!r}", field="kind")
        handler.check(decision)

    def carry_out(self, decision: Decision) -> None:
        self._handlers[type(decision)].effect(decision)

    def take_answer(self, request: Request, answer: Answer, *, actor: str, note: dict[str, str] | None = None) -> None:
        """The effective answer of the running round, wherever it came from."""
        subjects = self._book.subjects
        suspended = any(subject.suspends(answer) for subject in subjects)
        request.answer(answer, workflow.now(), final=False if suspended else None)
        said = {
            "code": answer.reply.code.value,
            "text": reply_text(answer.reply),
            "received_at": answer.received_at.isoformat(),
            "answer_ref": answer.ref,
            "in_time": _YES_NO[request.round.in_time()],
        }
        self._book.write(FactKind.REPLIED, request, actor=actor, data={**said, **told(answer.proof), **(note or {})})
        for subject in subjects:
            subject.answered(request, answer)
