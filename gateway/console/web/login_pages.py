"""The pages before the login, the first page after it, and its end."""

from __future__ import annotations

import segno
from fastapi import Response

from gateway.api.language import Language
from gateway.console.staff import LoginRefused, StaffService
from gateway.console.staff.factors import MIN_PASSWORD_CHARS, authenticator_uri, in_letters
from gateway.console.staff.service import PasswordTooShort
from gateway.console.web.shell import COOKIE, LANGUAGE_COOKIE, PageRefused, Shell, Visit

REFUSED = 403
"""The status of a login that was refused, whatever the cause."""
UNUSABLE = 422


class LoginPages:
    """Login, enrolment, language, first page, logout."""

    def __init__(self, staff: StaffService) -> None:
        self._staff = staff

    def mount(self, shell: Shell) -> None:
        """Add the pages."""
        shell.add("GET", "/login", self.login, public=True)
        shell.add("POST", "/login", self.log_in, public=True)
        shell.add("GET", "/enrol", self.enrol, public=True)
        shell.add("POST", "/enrol", self.begin, public=True)
        shell.add("POST", "/enrol/finish", self.finish, public=True)
        shell.add("POST", "/language", self.language, public=True)
        shell.add("GET", "", self.home)
        shell.add("POST", "/logout", self.log_out)

    async def login(self, visit: Visit) -> Response:
        """Show the form."""
        return visit.page("console/login.html", errors=(), staff_id="")

    async def log_in(self, visit: Visit) -> Response:
        """Let somebody in, or say the same to everybody."""
        staff_id = visit.text("staff_id", 32)
        password, code = visit.form.get("password", ""), visit.text("code", 6)
        try:
            token = await self._staff.log_in(staff_id, password, code, visit.caller)
        except LoginRefused:
            errors = (("staff_id", "login.refused"),)
            return visit.page(
                "console/login.html", status=REFUSED, errors=errors, staff_id=staff_id
            )
        response = visit.redirect("")
        _set(response, COOKIE, token)
        return response

    async def enrol(self, visit: Visit) -> Response:
        """Ask for the code that came with the account."""
        return visit.page("console/enrol.html", errors=(), staff_id="")

    async def begin(self, visit: Visit) -> Response:
        """Show the secret of the one-time codes to whoever holds the code."""
        staff_id, enrolment = visit.text("staff_id", 32), visit.text("enrolment", 40)
        try:
            secret = await self._staff.begin_enrolment(staff_id, enrolment, visit.caller)
        except LoginRefused:
            errors = (("enrolment", "enrol.refused"),)
            return visit.page(
                "console/enrol.html", status=REFUSED, errors=errors, staff_id=staff_id
            )
        return self._secret_page(visit, secret, staff_id, enrolment)

    async def finish(self, visit: Visit) -> Response:
        """Set the password once the first one-time code is right."""
        staff_id, enrolment = visit.text("staff_id", 32), visit.text("enrolment", 40)
        password, again = visit.form.get("password", ""), visit.form.get("again", "")
        key = "enrol.refused"
        try:
            if password != again:
                key = "enrol.differs"
            else:
                code = visit.text("code", 6)
                await self._staff.enrol(staff_id, enrolment, password, code, visit.caller)
                return visit.page("console/enrolled.html")
        except PasswordTooShort:
            key = "enrol.short"
        except LoginRefused:
            pass
        try:
            secret = await self._staff.begin_enrolment(staff_id, enrolment, visit.caller)
        except LoginRefused:
            raise PageRefused("enrol.refused", REFUSED) from None
        field = "code" if key == "enrol.refused" else "password"
        return self._secret_page(visit, secret, staff_id, enrolment, ((field, key),))

    async def language(self, visit: Visit) -> Response:
        """Change the language of the pages."""
        chosen = visit.text("to", 2)
        response = visit.redirect("" if visit.member else "/login")
        if chosen in {language.value for language in Language}:
            _set(response, LANGUAGE_COOKIE, chosen)
        return response

    async def home(self, visit: Visit) -> Response:
        """Show what the member may do."""
        return visit.page("console/home.html")

    async def log_out(self, visit: Visit) -> Response:
        """End the session."""
        await self._staff.log_out(visit.who, visit.caller)
        response = visit.redirect("/login")
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    @staticmethod
    def _secret_page(
        visit: Visit,
        secret: bytes,
        staff_id: str,
        enrolment: str,
        errors: tuple[tuple[str, str], ...] = (),
    ) -> Response:
        picture = segno.make(authenticator_uri(secret, staff_id), error="m", micro=False)
        letters = in_letters(secret)
        return visit.page(
            "console/enrol_finish.html",
            status=UNUSABLE if errors else 200,
            errors=errors,
            staff_id=staff_id,
            enrolment=enrolment,
            picture=picture.svg_data_uri(scale=4, border=4, light="#fff"),
            letters=" ".join(letters[i : i + 4] for i in range(0, len(letters), 4)),
            shortest=MIN_PASSWORD_CHARS,
        )


def _set(response: Response, name: str, value: str) -> None:
    """Set a cookie that no script reads, no other site sends and no other host sets."""
    response.set_cookie(name, value, path="/", secure=True, httponly=True, samesite="strict")
