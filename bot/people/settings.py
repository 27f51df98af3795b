"""Members' settings that matching needs: team, level, and people they don't meet."""

from collections.abc import Sequence

from sqlalchemy import select

from bot.forms.fields import Line, People, Picks, Ticks
from bot.forms.setting import MemberSetting, Setting
from bot.people import attributes, exclusions, languages, profiles, rules
from bot.runtime import Transaction
from bot.workspace import installations, member_settings, workspace_settings
from models import Program, ProgramMember


def _is_offered(tx: Transaction, member: str) -> bool:
    """Return True for those who joined a program: only they are matched."""
    joined = (
        select(ProgramMember.member)
        .join(Program, Program.id == ProgramMember.program_id)
        .where(
            Program.installation_id == tx.workspace.id,
            ProgramMember.member == member,
            ProgramMember.is_joined.is_(True),
        )
    )
    return tx.session.scalar(joined.limit(1)) is not None


def _set_excluded(tx: Transaction, member: str, people: Sequence[str]) -> None:
    exclusions.set_excluded(tx, member, people, field=_EXCLUDED.name)


_EXCLUDED = People(
    name="excluded_people",
    label="People I'm not matched with",
    hint=f"Up to {rules.MAX_EXCLUDED}. Only you see this list, and nobody is told.",
    maximum=exclusions.MAX_SHOWN,
)


MEMBER_SETTINGS: Sequence[MemberSetting] = (
    member_settings.column_setting(
        Picks(
            name="languages",
            label="Languages I meet in",
            hint="If you choose some, I match you only with people who know one of them"
            " or chose none.",
            placeholder="Any",
            choices=tuple(languages.LANGUAGES.items()),
        ),
        position=13,
        is_offered=_is_offered,
    ),
    MemberSetting(
        Line(
            name="team",
            label="My team",
            hint="I prefer to match people from different teams.",
            parse=lambda typed, _field: rules.clean_attribute(typed),
            format=str,
            max_length=rules.MAX_ATTRIBUTE_LENGTH,
        ),
        attributes.team,
        attributes.correct_team,
        position=15,
        is_offered=_is_offered,
    ),
    MemberSetting(
        Line(
            name="level",
            label="My level",
            parse=lambda typed, _field: rules.clean_attribute(typed),
            format=str,
            max_length=rules.MAX_ATTRIBUTE_LENGTH,
        ),
        attributes.level,
        attributes.correct_level,
        position=16,
        is_offered=_is_offered,
    ),
    MemberSetting(
        Ticks(
            name="hidden_attributes",
            label="Hide",
            choices=(("team", "My team"), ("level", "My level")),
            hint="I neither use nor show what you hide.",
        ),
        attributes.hidden,
        attributes.hide,
        position=17,
        is_offered=_is_offered,
    ),
    MemberSetting(
        _EXCLUDED,
        exclusions.excluded,
        _set_excluded,
        position=18,
        is_offered=_is_offered,
    ),
)


# Workspace

_FIELD_HINT = (
    "The name of a field of your own in Slack's profiles, such as Department or Level."
)
_NO_SCOPE = (
    "I can't read profiles: the app lacks the optional scope users.profile:read."
)


def _hint(tx: Transaction, _owner: None) -> str:
    if not installations.has_scope(tx, profiles.SCOPE):
        return _NO_SCOPE
    return _FIELD_HINT


def _profile_field(name: str, label: str, *, position: int) -> Setting[None]:
    """Return the setting with the name of a field of members' profiles."""

    def put(tx: Transaction, _owner: None, value: str) -> None:
        if value != getattr(workspace_settings.get(tx), name):
            workspace_settings.update(tx, **{name: value or None})
            profiles.fields_changed(tx)

    return Setting(
        Line(
            name=name,
            label=label,
            hint=_FIELD_HINT,
            parse=lambda typed, _field: rules.clean_attribute(typed),
            format=str,
            max_length=rules.MAX_ATTRIBUTE_LENGTH,
        ),
        lambda tx, _owner: getattr(workspace_settings.get(tx), name),
        put,
        position=position,
        hint=_hint,
    )


WORKSPACE_SETTINGS: Sequence[Setting[None]] = (
    _profile_field("profile_team", "Profile field with a person's team", position=16),
    _profile_field("profile_level", "Profile field with a person's level", position=17),
)
