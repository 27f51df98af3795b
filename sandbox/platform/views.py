"""Each person's open modals, and their Home tab."""

import secrets
from typing import Any

from sandbox.block_kit import inputs, validate
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Json, View
from sandbox.workspace.workspace import Workspace

MAX_STACK_DEPTH = 3


def _validated(view: Any, kind: str) -> Json:
    if problems := validate.check_view(view, kind):
        raise SlackError("invalid_arguments", *problems)
    checked: Json = dict(view)
    if validate.size_in_bytes(checked) > validate.MAX_VIEW_BYTES:
        raise SlackError("view_too_large")
    checked["blocks"] = validate.add_defaults(checked["blocks"])
    for name in ("title", "submit", "close"):
        if isinstance(checked.get(name), dict):
            checked[name].setdefault("emoji", True)
    return checked


class ViewStore:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def _new(self, person: str, body: Json, previous: View | None) -> View:
        workspace = self._workspace
        view_id = workspace.next_id("V")
        view = View(
            id=view_id,
            person=person,
            body=body,
            hash=self._hash(),
            root_id=previous.root_id if previous else view_id,
            previous_id=previous.id if previous else None,
        )
        view.state = inputs.form_state(body["blocks"], {})
        return view

    def _hash(self) -> str:
        return f"{int(self._workspace.now())}.{secrets.token_hex(4)}"

    def _check_external_id(self, body: Json, except_view_id: str = "") -> None:
        wanted = body.get("external_id")
        views = self._workspace.views.values()
        if wanted and any(
            v.body.get("external_id") == wanted and v.id != except_view_id
            for v in views
        ):
            raise SlackError("duplicate_external_id")

    def stack(self, person: str) -> list[str]:
        return self._workspace.view_stacks.setdefault(person, [])

    def top(self, person: str) -> View | None:
        stack = self.stack(person)
        return self._workspace.views[stack[-1]] if stack else None

    def open(self, person: str, view: Any) -> View:
        """Open a new root; it replaces open modals, as in Slack's client."""
        body = _validated(view, "modal")
        self._check_external_id(body)
        self.clear(person)
        return self._show(self._new(person, body, None))

    def push(self, person: str, view: Any) -> View:
        body = _validated(view, "modal")
        self._check_external_id(body)
        stack = self.stack(person)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= MAX_STACK_DEPTH:
            raise SlackError("push_limit_reached")
        return self._show(self._new(person, body, self.top(person)))

    def _show(self, view: View) -> View:
        self._workspace.views[view.id] = view
        self.stack(view.person).append(view.id)
        self._workspace.notify("view", person=view.person)
        return view

    def update(self, view: View, body: Any, expected_hash: str | None) -> View:
        kind = str(view.body["type"])
        checked = _validated(body, kind)
        self._check_external_id(checked, except_view_id=view.id)
        if expected_hash and expected_hash != view.hash:
            raise SlackError("hash_conflict")
        view.body = checked
        view.hash = self._hash()
        view.state = inputs.form_state(checked["blocks"], view.state)
        self._workspace.notify("view", person=view.person)
        return view

    def publish(self, person: str, body: Any, expected_hash: str | None) -> View:
        home = self._workspace.homes.get(person)
        if home is not None:
            return self.update(home, body, expected_hash)
        if expected_hash:
            raise SlackError("hash_conflict")
        home = self._new(person, _validated(body, "home"), None)
        self._workspace.homes[person] = home
        self._workspace.notify("home", person=person)
        return home

    def by_id(self, view_id: str | None, external_id: str | None = None) -> View:
        workspace = self._workspace
        for view in [*workspace.views.values(), *workspace.homes.values()]:
            if view.id == view_id:
                return view
            if external_id and view.body.get("external_id") == external_id:
                return view
        raise SlackError("not_found")

    def close(self, view: View) -> None:
        """Close the view; the one below it shows again."""
        self.stack(view.person).remove(view.id)
        del self._workspace.views[view.id]
        self._workspace.notify("view", person=view.person)

    def clear(self, person: str) -> list[View]:
        stack = self.stack(person)
        closed = [self._workspace.views.pop(view_id) for view_id in stack]
        stack.clear()
        self._workspace.notify("view", person=person)
        return closed
