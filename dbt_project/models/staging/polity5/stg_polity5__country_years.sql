-- Polity5, one row per Polity country code and year. polity2 is Polity's revised score, in which interregna (-77) are 0
-- and transitions (-88) are interpolated.
select
    ccode as label,
    country as country_name,
    {{ to_integer('year') }} as year,
    {{ to_integer('polity2') }} as polity2,
    {{ to_integer('xrcomp', missing_codes('polity5', 'xrcomp')) }} as executive_recruitment_competition,
    {{ to_integer('xropen', missing_codes('polity5', 'xropen')) }} as executive_recruitment_openness,
    {{ to_integer('parcomp', missing_codes('polity5', 'parcomp')) }} as participation_competition
from {{ source('raw', 'polity5') }}
