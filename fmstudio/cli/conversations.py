"""conversations: the chats of a workspace, to find and to read."""

import argparse
import dataclasses
import json
from typing import Any

from fmstudio.cli.driving import add_json, existing_workspace
from fmstudio.workspace.conversation import Conversation
from fmstudio.workspace.conversations import ConversationStore


def add_conversations_commands(commands: Any) -> None:
    """Declare conversations list and show."""
    verbs = commands.add_parser("conversations", help="read the chats of the workspace").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    verbs.add_parser("list", help="list the conversations, the latest first").set_defaults(command=_list)
    show = verbs.add_parser("show", help="print the messages of a conversation that are shown in the window")
    show.add_argument("conversation", metavar="ID")
    add_json(show)
    show.set_defaults(command=_show)


def _list(arguments: argparse.Namespace) -> int:
    for heading in ConversationStore(existing_workspace(arguments)).headings():
        about = heading.problem or f"{heading.kind}\t{heading.model}\t{heading.updated}"
        print(f"{heading.id}\t{heading.title}\t{about}")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    found = ConversationStore(existing_workspace(arguments)).load(arguments.conversation)
    print("\n".join(_lines(found)) if arguments.json else "\n\n".join(_texts(found)))
    return 0


def _lines(conversation: Conversation) -> list[str]:
    """Each message with all that is known of it, a JSON object a line."""
    return [json.dumps(dataclasses.asdict(message)) for message in conversation.path()] or [
        json.dumps(piece) for piece in conversation.pieces
    ]


def _texts(conversation: Conversation) -> list[str]:
    """The system prompt and each message beneath its role; a completion as the one text that it is."""
    if conversation.kind == "completion":
        return ["".join(str(piece["text"]) for piece in conversation.pieces)]
    system = [f"system:\n{conversation.system}"] if conversation.system else []
    return system + [f"{message.role}:\n{message.text}" for message in conversation.path()]
