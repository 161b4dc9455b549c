-- Failure: a total differs from the one counted outside the warehouse, in pandas, from the same files: directed
-- dyad-years (1,912,350 pairs of state-years less 60 without a common day), those allied, those owed defense, and those
-- of which that is not known.
{{ config(tags=['dyads', 'real_data'], meta={'dagster': {'ref': {'name': 'dyad_years'}}}) }}
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
