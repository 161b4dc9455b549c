select year
from {{ ref('int_external_threat') }}
group by year
having max(external_threat) = 0
