{{ config(meta={'dagster': {'ref': {'name': 'country_years', 'version': 1}}}) }}
with panel as (
    select * from {{ ref('country_years') }}
),

entries as (
    select * from {{ ref('alliance_entries') }}
),

countries as (
    select * from {{ ref('countries') }}
),

figures as (
    {%- for figure, expected, condition in [
        ('state-years to 2000', 12854, 'year <= 2000'),
        ('state-years to 2016', 15951, 'year <= 2016'),
        ('state-years', 17511, 'true'),
        ('major-power state-years to 2016', 1195, 'is_major_power and year <= 2016'),
        ('any alliance formed to 2000', 1333, 'forms_any_alliance and year <= 2000'),
        ('military alliance formed to 2000', 1030, 'forms_military_alliance and year <= 2000'),
        ('defense alliance formed to 2000', 634, 'forms_defense_alliance and year <= 2000'),
        ('any in force to 2016', 11244, 'any_alliances_in_force > 0 and year <= 2016'),
        ('defense in force to 2016', 8470, 'defense_alliances_in_force > 0 and year <= 2016'),
        ('offense in force to 2016', 906, 'offense_alliances_in_force > 0 and year <= 2016'),
        ('neutrality in force to 2016', 1887, 'neutrality_alliances_in_force > 0 and year <= 2016'),
        ('non-aggression in force to 2016', 9736, 'nonaggression_alliances_in_force > 0 and year <= 2016'),
        ('consultation in force to 2016', 8313, 'consultation_alliances_in_force > 0 and year <= 2016'),
        ('military expenditure missing', 2217, 'military_expenditure_thousands is null and year <= 2016'),
        ('military personnel missing', 426, 'military_personnel_thousands is null and year <= 2016'),
        ('iron and steel missing', 26, 'iron_steel_thousand_tons is null and year <= 2016'),
        ('energy missing', 448, 'energy_thousand_coal_tons is null and year <= 2016'),
        ('total population missing', 0, 'total_population_thousands is null and year <= 2016'),
        ('urban population missing', 68, 'urban_population_thousands is null and year <= 2016'),
        ('cinc missing', 0, 'cinc is null and year <= 2016'),
        ('Abouharb-Kimball rates to 2000', 9768, 'imr_abouharb_kimball is not null and year <= 2000'),
        ('one-year changes to 2000', 9494, 'infant_mortality_change_1y is not null and year <= 2000'),
        ('rises to 2000', 2055, 'infant_mortality_rose and year <= 2000'),
        ('polity2 scores to 2000', 11891, 'polity2 is not null and year <= 2000'),
    ] %}
    select
        '{{ figure }}' as figure,
        {{ expected }} as expected,
        count(*) as found
    from panel
    where {{ condition }}
    union all
    {%- endfor %}
    select
        'states' as figure,
        217 as expected,
        count(*) as found
    from countries
    union all
    select
        'members whose first phase is a later one' as figure,
        87 as expected,
        count(*) as found
    from entries
    where is_late_accession
    union all
    select
        'cinc of the USA in 1945, in 100 millionths' as figure,
        38386354 as expected,
        max(cast(round(cinc * 1e8) as bigint)) as found
    from panel
    where cow_code = 2 and year = 1945
)

select
    figure,
    expected,
    found
from figures
where found is distinct from expected
