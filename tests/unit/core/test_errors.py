"""No message of an error contains the credentials of an address."""

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
def test_credentials_and_queries_are_removed_from_addresses(address: str) -> None:
    for field in ("where", "expected", "found", "next_step"):
        error = WarehouseError("Failed.", **{field: f"requested {address} twice"})
        assert "hush" not in str(error)
        assert "hush" not in repr(error.args)
        assert "example.org" in str(error)


def test_other_text_is_unchanged() -> None:
    text = "select a@b from t where x = ? and y like 'https'"
    assert WarehouseError("Failed.", where=text).where == text
