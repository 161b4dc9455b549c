-- Total imports and exports, one row per state code and year, under the codes the file uses.
select
    {{ to_integer('ccode') }} as published_code,
    {{ to_integer('year') }} as year,
    {{ to_double('imports', [-9]) }} as imports_millions_usd,
    {{ to_double('exports', [-9]) }} as exports_millions_usd
from {{ source('raw', 'national_trade') }}
