"""After `migrate` a default project exists."""

from typing import Any

from django.db import migrations


def make(apps: Any, schema_editor: Any) -> None:
    """Make the default project unless there is one."""
    project = apps.get_model("notifications", "Project")
    project.objects.get_or_create(is_default=True, defaults={"name": "Default", "slug": "default"})


class Migration(migrations.Migration):
    """The default project."""

    dependencies = [("notifications", "0001_initial")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
