"""How much is under way and owed, for whoever runs the product."""

from domain.office_figures import OfficeFigures
from services.office import Office


async def read_figures(office: Office) -> OfficeFigures:
    """Raises UNAVAILABLE."""
    async with office.store.reading() as session:
        return await session.figures.at(office.time.now())
