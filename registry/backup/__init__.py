"""Backups: all that the database holds and the files that it names, in one file.

The form is the same for both databases, so that a backup of one can be restored into the other.
"""

from registry.backup.archive import InvalidBackup, Tell, check_backup
from registry.backup.manifest import Manifest
from registry.backup.new_file import new_file
from registry.backup.restore import restore_backup
from registry.backup.take import take_backup

__all__ = [
    "InvalidBackup",
    "Manifest",
    "Tell",
    "check_backup",
    "new_file",
    "restore_backup",
    "take_backup",
]
