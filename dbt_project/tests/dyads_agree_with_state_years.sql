-- A row here is a state-year whose dyads do not add up to what the panel says of it: rivals, land neighbours, partners, capabilities. Two states
-- that shared a calendar year but no day of it are no dyad, though each may count as the other's rival or neighbour there, so that years in which
-- a state entered or left the system are looked at for partners only from above.
{{ config(tags=['dyads'], meta={'dagster': {'ref': {'name': 'dyad_years'}}}) }}
with added_up as (
    select
        cow_code,
        year,
        count(*) as partners,
        count(*) filter (where are_dispute_rivals) as dispute_rivals,
        count(*) filter (where are_strategic_rivals) as strategic_rivals,
        count(*) filter (where contiguity_class = 1) as land_neighbours,
        bool_or(owes_any) as is_allied,
        min(cinc) as lowest_cinc,
        max(cinc) as highest_cinc
    from {{ ref('dyad_years') }}
    group by cow_code, year
),

years_of_change as (
    select distinct year(start_date) as year from {{ ref('stg_cow__state_spells') }}
    union
    select distinct year(end_date) from {{ ref('stg_cow__state_spells') }}
)

select panel.cow_code, panel.year
from {{ ref('country_years') }} as panel
left join added_up using (cow_code, year)
left join years_of_change using (year)
where
    panel.year <= {{ var('dyad_last_year') }}
    and (
        added_up.partners is null
        or added_up.partners > panel.states_in_system - 1
        or added_up.lowest_cinc is distinct from panel.cinc
        or added_up.highest_cinc is distinct from panel.cinc
        or added_up.is_allied and panel.any_alliances_in_force = 0
        or (
            years_of_change.year is null
            and (
                added_up.partners <> panel.states_in_system - 1
                or added_up.dispute_rivals <> panel.dispute_rivals
                or added_up.strategic_rivals <> panel.strategic_rivals
                or added_up.land_neighbours <> panel.land_neighbours
            )
        )
    )
