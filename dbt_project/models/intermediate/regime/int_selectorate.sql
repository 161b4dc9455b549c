-- The winning coalition (W), the selectorate (S) and W/S of Bueno de Mesquita et al. (2003), and W4, one row per state-year.
-- W = a quarter for each of: regime neither military nor mixed military-civilian (regime type not 2 or 3), competitive executive recruitment
-- (xrcomp >= 2), open executive recruitment (xropen > 2), competitive participation (parcomp = 5). S = legislative selection / 2.
-- W/S = W / (ln((S + 1) * 10) / 3). A component not observed leaves W, S or W/S not observed: no smaller coalition is made of it.
-- The Polity components are the deposit's own (an edition before Polity5, which reproduces the published W/S); where its authors found no
-- Polity row, because Polity counts the state under another number (the USSR, for one), they are Polity5's under our mapping.
with components as (
    select
        mappings.cow_code,
        deposit.year,
        deposit.regime_type,
        deposit.legislative_selection,
        case when deposit.has_polity_row then deposit.executive_recruitment_competition else polity.executive_recruitment_competition end as xrcomp,
        case when deposit.has_polity_row then deposit.executive_recruitment_openness else polity.executive_recruitment_openness end as xropen,
        case when deposit.has_polity_row then deposit.participation_competition else polity.participation_competition end as parcomp
    from {{ ref('stg_selectorate__components') }} as deposit
    inner join {{ ref('country_mappings') }} as mappings
        on mappings.coding = 'selectorate'
        and deposit.label = mappings.label
        and deposit.year between mappings.first_year and mappings.last_year
    left join {{ ref('int_polity') }} as polity
        on mappings.cow_code = polity.cow_code and deposit.year = polity.year
),

w4 as (
    select
        mappings.cow_code,
        published.year,
        published.coalition_size_w4
    from {{ ref('stg_selectorate__w4') }} as published
    inner join {{ ref('country_mappings') }} as mappings
        on mappings.coding = 'selectorate'
        and published.label = mappings.label
        and published.year between mappings.first_year and mappings.last_year
),

-- A sum with a NULL in it is NULL.
coalitions as (
    select
        cow_code,
        year,
        (
            cast(regime_type not in (2, 3) as integer)
            + cast(xrcomp >= 2 as integer)
            + cast(xropen > 2 as integer)
            + cast(parcomp = 5 as integer)
        ) / 4.0::double as winning_coalition,
        legislative_selection / 2.0::double as selectorate
    from components
)

select
    coalesce(coalitions.cow_code, w4.cow_code) as cow_code,
    coalesce(coalitions.year, w4.year) as year,
    coalitions.winning_coalition,
    coalitions.selectorate,
    coalitions.winning_coalition / (ln((coalitions.selectorate + 1) * 10) / 3) as w_over_s,
    w4.coalition_size_w4
from coalitions
full join w4
    on coalitions.cow_code = w4.cow_code and coalitions.year = w4.year
