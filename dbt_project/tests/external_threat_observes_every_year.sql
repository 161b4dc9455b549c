-- A row here is a year in which the model has a threat of 0 for every state: a year without data has come through as zeros.
select year
from {{ ref('int_external_threat') }}
group by year
having max(external_threat) = 0
