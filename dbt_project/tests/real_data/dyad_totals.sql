{{ config(tags=['dyads'], meta={'dagster': {'ref': {'name': 'dyad_years', 'version': 1}}}) }}
with found as (
    select
        count(*) as dyad_years,
        count(*) filter (where owes_any) as allied,
        count(*) filter (where owes_defense) as owed_defense,
        count(*) filter (where owes_defense is null) as unknown_defense
    from {{ ref('dyad_years') }}
)

select
    dyad_years,
    allied,
    owed_defense,
    unknown_defense
from found
where (dyad_years, allied, owed_defense, unknown_defense) is distinct from (1912290, 250494, 128051, 730)
