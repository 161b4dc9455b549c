{{ config(tags=['dyads'], meta={'dagster': {'ref': {'name': 'dyad_years', 'version': 1}}}) }}
with panel as (
    select * from {{ ref('country_years') }}
),

state_spells as (
    select * from {{ ref('stg_cow__state_spells') }}
),

sums as (
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
    select distinct year(start_date) as year
    from state_spells
    union
    select distinct year(end_date) as year
    from state_spells
)

select
    panel.cow_code,
    panel.year
from panel
left join sums using (cow_code, year)
left join years_of_change using (year)
where
    panel.year <= {{ var('dyad_last_year') }}
    and (
        sums.partners is null
        or sums.partners > panel.states_in_system - 1
        or sums.lowest_cinc is distinct from panel.cinc
        or sums.highest_cinc is distinct from panel.cinc
        or sums.is_allied and panel.any_alliances_in_force = 0
        or (
            years_of_change.year is null
            and (
                sums.partners <> panel.states_in_system - 1
                or sums.dispute_rivals <> panel.dispute_rivals
                or sums.strategic_rivals <> panel.strategic_rivals
                or sums.land_neighbours <> panel.land_neighbours
            )
        )
    )
