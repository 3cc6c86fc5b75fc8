"""What was deleted last, across the window: says so, whichever panel did it, and brings it back."""

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.error_box import UndoBanner
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.jobs.tidying import RESTORE


class UndoBar(UndoBanner):
    """Stays until it is dismissed, used, or something else is deleted. What it lets go of is still in the bin."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio.theme, "deleted")
        self._restoring = JobFollower(self, studio, RESTORE, "joins")
        self._restoring.failed.connect(lambda reason, _details: self._refused(reason))
        studio.deleted.connect(self._deleted)
        self.restore_wanted.connect(lambda entry: self._restoring.ask(entry=entry))

    def _deleted(self, entry: str, sentence: str) -> None:
        self.button.show()
        self.offer(entry, sentence)

    def _refused(self, reason: str) -> None:
        """Why it cannot be brought back as it was; the bin in Settings offers another name."""
        self.button.hide()
        self.tell(reason)
