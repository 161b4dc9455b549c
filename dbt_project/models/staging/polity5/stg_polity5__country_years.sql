-- Polity5, one row per country code of Polity's own and year; -66, -77 and -88 are no scores. polity2 is Polity's own revision, in which
-- interregna (-77) are 0 and transitions (-88) interpolated.
select
    ccode as label,
    country as country_name,
    {{ to_integer('year') }} as year,
    {{ to_integer('polity2', [-66, -77, -88]) }} as polity2,
    {{ to_integer('xrcomp', [-66, -77, -88]) }} as executive_recruitment_competition,
    {{ to_integer('xropen', [-66, -77, -88]) }} as executive_recruitment_openness,
    {{ to_integer('parcomp', [-66, -77, -88]) }} as participation_competition
from {{ source('raw', 'polity5') }}
