{{ config(meta={'dagster': {'ref': {'name': 'int_interstate_war'}}}) }}
with known (cow_code, year, fact, expected) as (
    values
    (2, 2003, 'interstate_war', 1),  -- Iraq
    (2, 2004, 'interstate_war', 0),  -- an occupation is no inter-state war
    (220, 1942, 'interstate_war', 0),  -- France between its two stretches of the Second World War
    (225, 1943, 'interstate_war', 0),  -- neutral Switzerland
    (651, 1967, 'interstate_war', 1),  -- Six Day War
    (2, 1950, 'land_neighbours', 2),  -- Canada and Mexico
    (900, 1965, 'land_neighbours', 0),  -- Australia
    (290, 1930, 'land_neighbours', 6),  -- Germany, Czechoslovakia, Romania, the Soviet Union, Lithuania, Latvia
    (750, 1971, 'dispute_rivals', 2),  -- Pakistan and China
    (150, 1935, 'dispute_rivals', 1),  -- Bolivia
    (300, 1866, 'strategic_rivals', 4),  -- Prussia, Italy, France, Russia
    (345, 1919, 'strategic_rivals', 4),  -- Bulgaria, Greece, Hungary, Italy; no longer Austria-Hungary
    (411, 1980, 'strategic_rivals', 1),  -- Gabon, listed under Guinea's code
    (616, 1970, 'strategic_rivals', 0),  -- Tunisia, listed as Malawi's rival instead of Tanzania
    (678, 1965, 'strategic_rivals', 1)  -- Saudi Arabia, against the Yemen of these years
),

facts as (
    {%- for fact, relation in [
        ('interstate_war', ref('int_interstate_war')),
        ('land_neighbours', ref('int_contiguity')),
        ('dispute_rivals', ref('int_dispute_rivals')),
        ('strategic_rivals', ref('int_strategic_rivals')),
    ] %}
    select
        cow_code,
        year,
        '{{ fact }}' as fact,
        cast({{ fact }} as integer) as found
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    known.cow_code,
    known.year,
    known.fact,
    known.expected,
    facts.found
from known
left join facts
    on known.cow_code = facts.cow_code and known.year = facts.year and known.fact = facts.fact
where facts.found is distinct from known.expected
