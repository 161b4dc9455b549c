-- The winning coalition (W), the selectorate (S) and W/S of Bueno de Mesquita et al. (2003), and W4, one row per
-- state-year. W has a quarter for each of four components: the regime is neither military nor mixed military-civilian,
-- executive recruitment is competitive (xrcomp), executive recruitment is open (xropen), participation is competitive
-- (parcomp). S is legislative selection as a share of its maximum. W/S = W / (ln((S + 1) * 10) / 3). A missing
-- component makes W, S or W/S NULL, never a smaller coalition. The Polity components are those of the deposit (an
-- edition before Polity5, which reproduces the published W/S). Where the deposit has no Polity row, because Polity
-- counts the state under another number (the USSR, for example), they are those of Polity5 under our mapping.
{%- set military_regime_types = [2, 3] %}
{%- set min_competitive_recruitment = 2 %}
{%- set max_closed_recruitment = 2 %}
{%- set competitive_participation = 5 %}
{%- set coalition_components = 4 %}
{%- set max_legislative_selection = 2 %}
with deposit as (
    select * from {{ ref('stg_selectorate__components') }}
),

published_w4 as (
    select * from {{ ref('stg_selectorate__w4') }}
),

polity as (
    select * from {{ ref('int_polity') }}
),

mappings as (
    select * from {{ ref('country_mappings') }}
),

components as (
    select
        mappings.cow_code,
        deposit.year,
        deposit.regime_type,
        {% for component in [
            'executive_recruitment_competition', 'executive_recruitment_openness', 'participation_competition'
        ] %}
        case
            when deposit.has_polity_row then deposit.{{ component }} else polity.{{ component }}
        end as {{ component }},
        {% endfor %}
        deposit.legislative_selection
    from deposit
    inner join mappings
        on {{ mapped_to_state('deposit', 'mappings', "'selectorate'") }}
    left join polity
        on mappings.cow_code = polity.cow_code and deposit.year = polity.year
),

w4 as (
    select
        mappings.cow_code,
        published_w4.year,
        published_w4.coalition_size_w4
    from published_w4
    inner join mappings
        on {{ mapped_to_state('published_w4', 'mappings', "'selectorate'") }}
),

-- A sum with a NULL in it is NULL.
coalitions as (
    select
        cow_code,
        year,
        (
            cast(regime_type not in ({{ military_regime_types | join(', ') }}) as integer)
            + cast(executive_recruitment_competition >= {{ min_competitive_recruitment }} as integer)
            + cast(executive_recruitment_openness > {{ max_closed_recruitment }} as integer)
            + cast(participation_competition = {{ competitive_participation }} as integer)
        ) / cast({{ coalition_components }} as double) as winning_coalition,
        legislative_selection / cast({{ max_legislative_selection }} as double) as selectorate
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
