"""``hitotsu staff``: who may use the console."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from gateway.cli.options import Municipality
from gateway.cli.session import new_table, opened, out, read_settings, run, say
from gateway.clock import TOKYO
from gateway.console.staff import NewMember, Right, StaffRegistry, StaffStore
from gateway.store.tables import StaffRightRow, StaffRow

app = typer.Typer(help="職員画面を使う職員 / Staff who use the console.", no_args_is_help=True)
Result = TypeVar("Result")

StaffId = Annotated[str, typer.Argument(help="職員 ID / Id of the member of staff.")]
RightId = Annotated[str, typer.Argument(help="権利の ID / Id of the right.")]


@app.command()
def desk(
    desk_id: Annotated[str, typer.Argument(help="窓口の ID / Id of the desk.")],
    municipality: Municipality,
    name: Annotated[str, typer.Option(help="窓口の名称 / Name.")],
    contact: Annotated[str, typer.Option(help="連絡先 / Whom to call.")] = "-",
) -> None:
    """窓口を登録する。見える項目は client grant で決める / Register a desk."""
    _with_registry(lambda r: r.add_desk(municipality, desk_id, name=name, contact=contact))
    say(f"窓口 {desk_id} を登録しました。", f"Desk {desk_id} registered.")


@app.command()
def add(
    staff_id: StaffId,
    municipality: Municipality,
    name: Annotated[str, typer.Option(help="職員の名前 / Name.")],
) -> None:
    """職員を登録し、登録コードを一度だけ示す / Register somebody; the code is shown once."""
    _say_new(_with_registry(lambda r: r.add(municipality, staff_id, name=name)))


@app.command()
def grant(
    staff_id: StaffId,
    right: Annotated[Right, typer.Argument(help="権利 / Right.")],
    municipality: Municipality,
    desk: Annotated[
        str | None, typer.Option(help="窓口（view-person・reveal） / Desk, where it needs one.")
    ] = None,
    purpose: Annotated[
        str | None, typer.Option(help="利用目的（view-person・reveal） / Purpose.")
    ] = None,
) -> None:
    """権利を申し出る。別の人が approve を実行すると効く / Propose a right."""
    row = _with_registry(
        lambda r: r.grant(municipality, staff_id, right, desk=desk, purpose=purpose)
    )
    say(
        f"申し出ました：{row.right_id}。別の人が approve を実行すると使えます。",
        f"Proposed: {row.right_id}; it works once another person approves.",
    )


@app.command()
def approve(right_id: RightId, municipality: Municipality) -> None:
    """別の人として権利を承認する。本人が登録を終えてから / Approve, as another person."""
    row = _with_registry(lambda r: r.approve(municipality, right_id))
    say(f"{row.staff_id} の {row.name} を承認しました。", f"{row.name} of {row.staff_id} approved.")


@app.command()
def revoke(right_id: RightId, municipality: Municipality) -> None:
    """権利を取り消す。すぐに効く / Take a right back, at once."""
    _with_registry(lambda r: r.revoke(municipality, right_id))
    say("取り消しました。", "Taken back.")


@app.command()
def lock(staff_id: StaffId, municipality: Municipality) -> None:
    """職員を締め出す。ログイン中でもすぐに効く / Keep somebody out, at once."""
    _with_registry(lambda r: r.lock(municipality, staff_id))
    say(f"{staff_id} を締め出しました。", f"{staff_id} is locked out.")


@app.command()
def unlock(staff_id: StaffId, municipality: Municipality) -> None:
    """締め出し・失敗によるロックを解く / Let somebody in again."""
    _with_registry(lambda r: r.unlock(municipality, staff_id))
    say(f"{staff_id} のロックを解きました。", f"{staff_id} is unlocked.")


@app.command()
def reset(staff_id: StaffId, municipality: Municipality) -> None:
    """パスワードと認証アプリを忘れさせ、新しいコードを示す。権利は承認待ちに戻る / Enrol anew."""
    _say_new(_with_registry(lambda r: r.reset(municipality, staff_id)))
    say(
        "この職員の権利はすべて承認待ちに戻りました。本人に確かめてから別の人が承認してください。",
        "All rights wait for approval by another person again.",
    )


@app.command("list")
def list_(municipality: Municipality) -> None:
    """職員と権利の一覧 / List staff and their rights."""
    table = new_table(
        "ID", "名前 / Name", "状態 / State", "権利 / Right", "ID", "申し出 → 承認 / By"
    )
    for row, rights in _with_registry(lambda r: r.list(municipality)):
        table.add_row(row.staff_id, row.name, _state(row), "", "", "")
        for right in rights:
            agreed = f"{right.proposed_by} → {right.approved_by or '承認待ち / waits'}"
            table.add_row("", "", "", _right(right), right.right_id, agreed)
    out().print(table)


def _state(row: StaffRow) -> str:
    if row.disabled_at is not None:
        return "締め出し / locked"
    if row.locked_until is not None:
        return f"失敗でロック / locked until {row.locked_until.astimezone(TOKYO):%m-%d %H:%M}"
    return "使用中 / enrolled" if row.password is not None else "登録待ち / to enrol"


def _right(row: StaffRightRow) -> str:
    return " ".join(filter(None, (row.name, row.client_id, row.purpose_id)))


def _say_new(new: NewMember) -> None:
    until = new.until.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M")
    say(
        f"職員 {new.staff_id} の登録コード（{until} まで。本人だけに渡してください）：",
        f"code for {new.staff_id} until {until}, for them alone:",
    )
    out().print(new.code, markup=False, soft_wrap=True)


def _with_registry(work: Callable[[StaffRegistry], Awaitable[Result]]) -> Result:
    settings = read_settings()

    async def opened_work() -> Result:
        async with opened(settings) as session:
            registry = StaffRegistry(
                StaffStore(session.store), clock=session.clock, actor=session.actor
            )
            return await work(registry)

    return run(opened_work())
