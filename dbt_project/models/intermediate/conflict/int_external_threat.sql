-- External threat of every state-year the authors' file observes. Choice of ours: a year in which the file has exactly 0 for every
-- state (1919, 1920, 2008) is a year without the data behind the index, not a world without threat, and is left out.
with observed_years as (
    select year
    from {{ ref('stg_leeds_savun__external_threat') }}
    group by year
    having max(external_threat) > 0
)

select threat.cow_code, threat.year, threat.external_threat
from {{ ref('stg_leeds_savun__external_threat') }} as threat
inner join observed_years on threat.year = observed_years.year
inner join {{ ref('int_state_years') }} as spine
    on threat.cow_code = spine.cow_code and threat.year = spine.year
