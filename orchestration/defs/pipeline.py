"""The pipeline as plain data: every asset with group, description and parents, for the documentation's picture."""

from orchestration.core.settings import Settings
from orchestration.defs.assemble import build_defs
from orchestration.outputs.lineage_picture import Asset


def pipeline_assets(settings: Settings) -> dict[str, Asset]:
    """List every asset of the definitions, by name."""
    graph = build_defs(settings).resolve_asset_graph()
    nodes = {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}
    return {
        name: Asset(
            name,
            node.group_name,
            " ".join((node.description or "").split("\n\n")[0].split()),
            tuple(sorted(parent.to_user_string() for parent in node.parent_keys)),
        )
        for name, node in sorted(nodes.items())
    }
