-- External threat by Leeds and Savun, one row per state-year. The last seven rows of the file (2009-2015)
-- have no state code and are not observations.
select
    {{ to_integer('ccode') }} as cow_code,
    {{ to_integer('year') }} as year,
    {{ to_double('lsthreat') }} as external_threat
from {{ source('raw', 'external_threat') }}
where ccode is not null
