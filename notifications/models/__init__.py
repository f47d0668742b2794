"""What is remembered, and which state may follow which."""

from __future__ import annotations

from notifications.models.access import AuditEntry
from notifications.models.batch import Batch
from notifications.models.broadcast import AudienceKind, Broadcast, BroadcastState, NotificationPriority
from notifications.models.copy_rules import Change, MessageState, RetryPolicy
from notifications.models.device import Device
from notifications.models.digest_times import DigestFrequency
from notifications.models.evidence import Receipt, Ticket
from notifications.models.imports import DeviceImport, ImportPart, ImportReject, ImportState, ImportToken
from notifications.models.message import Message
from notifications.models.notification import Notification, Suppression, SuppressionReason
from notifications.models.preference import ChannelPreference, NotificationPreference
from notifications.models.project import Credential, Membership, Project, Role
from notifications.models.reasons import Reason
from notifications.models.recipient import Identity, Recipient
from notifications.models.registration import InactiveReason

__all__ = [
    "AudienceKind",
    "AuditEntry",
    "Batch",
    "Broadcast",
    "BroadcastState",
    "Change",
    "ChannelPreference",
    "Credential",
    "Device",
    "DeviceImport",
    "DigestFrequency",
    "Identity",
    "ImportPart",
    "ImportReject",
    "ImportState",
    "ImportToken",
    "InactiveReason",
    "Membership",
    "Message",
    "MessageState",
    "Notification",
    "NotificationPreference",
    "NotificationPriority",
    "Project",
    "Reason",
    "Receipt",
    "Recipient",
    "RetryPolicy",
    "Role",
    "Suppression",
    "SuppressionReason",
    "Ticket",
]
