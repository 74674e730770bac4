"""What must hold of every page for whoever does not see it or use a mouse (WCAG 2.2, A and AA, in part)."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

_EXAMINE = Path(__file__).with_suffix(".js").read_text()


def complaints(page: Page) -> list[str]:
    """Everything that is wrong with the page as it is now, in both colour schemes."""
    page.wait_for_load_state()
    found: list[str] = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {each}" for each in page.evaluate(_EXAMINE)]
    return found


def is_no_wider_than(page: Page, pixels: int) -> bool:
    """Whether nothing on the page has to be scrolled to the side for."""
    page.wait_for_load_state()
    return bool(page.evaluate(f"document.documentElement.scrollWidth <= {pixels}"))
