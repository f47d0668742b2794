"""The database itself refuses to change or delete an audit entry."""

from typing import Any

from django.db import migrations

POSTGRESQL = [
    """CREATE FUNCTION carillon_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'The audit log is append-only'; END $$""",
    """CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON notifications_auditentry
    FOR EACH ROW EXECUTE FUNCTION carillon_refuse_audit_change()""",
]
SQLITE = [
    f"""CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON notifications_auditentry
    BEGIN SELECT RAISE(ABORT, 'The audit log is append-only'); END"""
    for verb in ("UPDATE", "DELETE")
]


def refuse(apps: Any, schema_editor: Any) -> None:
    """Create the triggers."""
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def allow(apps: Any, schema_editor: Any) -> None:
    """Drop them."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER audit_append_only ON notifications_auditentry")
        schema_editor.execute("DROP FUNCTION carillon_refuse_audit_change()")
        return
    for verb in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER audit_no_{verb}")


class Migration(migrations.Migration):
    """The append-only audit log."""

    dependencies = [("notifications", "0002_default_project")]
    operations = [migrations.RunPython(refuse, allow)]
