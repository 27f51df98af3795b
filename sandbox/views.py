"""The modals that are open before each person, and their Home tabs."""

import secrets
from typing import Any

from sandbox import blocks, inputs
from sandbox.records import Json, View
from sandbox.refusals import SlackError
from sandbox.workspace import Workspace

DEEPEST_STACK = 3


def _checked(view: Any, kind: str) -> Json:
    if problems := blocks.check_view(view, kind):
        raise SlackError("invalid_arguments", *problems)
    checked: Json = dict(view)
    if blocks.size(checked) > blocks.LARGEST_VIEW:
        raise SlackError("view_too_large")
    checked["blocks"] = blocks.complete(checked["blocks"])
    for name in ("title", "submit", "close"):
        if isinstance(checked.get(name), dict):
            checked[name].setdefault("emoji", True)
    return checked


class Views:
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
        view.state = inputs.state(body["blocks"], {})
        return view

    def _hash(self) -> str:
        return f"{int(self._workspace.now())}.{secrets.token_hex(4)}"

    def _check_external_id(self, body: Json, but: str = "") -> None:
        wanted = body.get("external_id")
        views = self._workspace.views.values()
        if wanted and any(
            v.body.get("external_id") == wanted and v.id != but for v in views
        ):
            raise SlackError("duplicate_external_id")

    def stack(self, person: str) -> list[str]:
        return self._workspace.stacks.setdefault(person, [])

    def top(self, person: str) -> View | None:
        stack = self.stack(person)
        return self._workspace.views[stack[-1]] if stack else None

    def open(self, person: str, view: Any) -> View:
        """A new root; what was open before is gone, as in Slack's client."""
        body = _checked(view, "modal")
        self._check_external_id(body)
        self.clear(person)
        return self._show(self._new(person, body, None))

    def push(self, person: str, view: Any) -> View:
        body = _checked(view, "modal")
        self._check_external_id(body)
        stack = self.stack(person)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= DEEPEST_STACK:
            raise SlackError("push_limit_reached")
        return self._show(self._new(person, body, self.top(person)))

    def _show(self, view: View) -> View:
        self._workspace.views[view.id] = view
        self.stack(view.person).append(view.id)
        self._workspace.changed("view", person=view.person)
        return view

    def update(self, view: View, body: Any, given_hash: str | None) -> View:
        kind = str(view.body["type"])
        checked = _checked(body, kind)
        self._check_external_id(checked, but=view.id)
        if given_hash and given_hash != view.hash:
            raise SlackError("hash_conflict")
        view.body = checked
        view.hash = self._hash()
        view.state = inputs.state(checked["blocks"], view.state)
        self._workspace.changed("view", person=view.person)
        return view

    def publish(self, person: str, body: Any, given_hash: str | None) -> View:
        home = self._workspace.homes.get(person)
        if home is not None:
            return self.update(home, body, given_hash)
        if given_hash:
            raise SlackError("hash_conflict")
        home = self._new(person, _checked(body, "home"), None)
        self._workspace.homes[person] = home
        self._workspace.changed("home", person=person)
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
        """Closes the view; the one below it shows again."""
        self.stack(view.person).remove(view.id)
        del self._workspace.views[view.id]
        self._workspace.changed("view", person=view.person)

    def clear(self, person: str) -> list[View]:
        stack = self.stack(person)
        gone = [self._workspace.views.pop(view_id) for view_id in stack]
        stack.clear()
        self._workspace.changed("view", person=person)
        return gone
