{# Fails on every label of a source that the mapping seed neither maps to a state nor lists as unmapped. A country whose
   spelling has changed would be lost. #}
{% test labels_accounted_for(model, column_name, mapping, coding) %}
select distinct published.{{ column_name }}
from {{ model }} as published
left join {{ mapping }} as mapping
    on mapping.coding = '{{ coding }}' and mapping.label = cast(published.{{ column_name }} as varchar)
where mapping.label is null
{% endtest %}
