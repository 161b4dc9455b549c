"""No message carries what an address keeps secret."""

import pytest

from orchestration.core.errors import WarehouseError


@pytest.mark.parametrize(
    "address",
    [
        "https://me:hush@example.org/a.csv",
        "http://example.org/a.csv?token=hush&x=1",
        "https:/me:hush@example.org/mirror",
    ],
)
def test_an_address_is_told_without_its_secrets(address: str) -> None:
    for field in ("where", "expected", "found", "next_step"):
        error = WarehouseError("Failed.", **{field: f"asked {address} twice"})
        assert "hush" not in str(error)
        assert "hush" not in repr(error.args)
        assert "example.org" in str(error)


def test_what_is_no_address_stays() -> None:
    text = "select a@b from t where x = ? and y like 'https'"
    assert WarehouseError("Failed.", where=text).where == text
