<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- The notice of a breach: to the authorised body with how the subjects can be told, to a subject without. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:d="urn:saqta:paper:1" exclude-result-prefixes="d">
  <xsl:include href="common.xsl"/>

  <xsl:template match="/paper"><xsl:apply-templates select="d:breach-notice"/></xsl:template>

  <xsl:template match="d:breach-notice">
    <xsl:variable name="title"><xsl:call-template name="label"><xsl:with-param name="id" select="concat('breach-to-', d:to)"/></xsl:call-template></xsl:variable>
    <xsl:call-template name="page">
      <xsl:with-param name="title" select="$title"/>
      <xsl:with-param name="body">
        <h1><xsl:value-of select="$title"/></h1>
        <p><xsl:call-template name="label"><xsl:with-param name="id" select="concat('breach-text-', d:to)"/></xsl:call-template></p>
        <table><tbody>
        <xsl:call-template name="controller"/>
        <xsl:call-template name="row"><xsl:with-param name="label">subject</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:subject"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">no</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:breach/d:number"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">detected</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:breach/d:detected"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">breach-due</xsl:with-param><xsl:with-param name="value"><xsl:if test="d:to = 'authority'"><xsl:call-template name="time"><xsl:with-param name="of" select="d:breach/d:due"/></xsl:call-template></xsl:if></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">breach-what</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:breach/d:description"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">categories</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="words"><xsl:with-param name="kind">category</xsl:with-param><xsl:with-param name="of" select="d:breach/d:categories/d:item"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">subjects</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:subjects"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">breach-causes</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:causes"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">breach-harm</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:harm"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">breach-measures</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:measures"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">responsible</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:contact"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">by-clause</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="list"><xsl:with-param name="of" select="d:breach/d:clauses/d:item"/></xsl:call-template></xsl:with-param></xsl:call-template>
        </tbody></table>
        <xsl:if test="d:persons/d:item">
          <xsl:call-template name="register"><xsl:with-param name="title">breach-persons</xsl:with-param><xsl:with-param name="columns">subject category value</xsl:with-param><xsl:with-param name="rows" select="d:persons/d:item"/></xsl:call-template>
        </xsl:if>
        <xsl:call-template name="clauses"/>
        <xsl:if test="d:to = 'subject'"><p class="small"><xsl:call-template name="label"><xsl:with-param name="id">appeal</xsl:with-param></xsl:call-template></p></xsl:if>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:template>

  <xsl:template match="d:persons/d:item" mode="row">
    <xsl:variable name="subject" select="d:subject"/>
    <xsl:if test="not(d:data/d:item)"><tr><td dir="auto"><xsl:value-of select="$subject"/></td><td></td><td></td></tr></xsl:if>
    <xsl:for-each select="d:data/d:item">
      <tr>
        <td dir="auto"><xsl:if test="position() = 1"><xsl:value-of select="$subject"/></xsl:if></td>
        <td><xsl:call-template name="word"><xsl:with-param name="kind">category</xsl:with-param><xsl:with-param name="id" select="d:category"/></xsl:call-template></td>
        <td dir="auto"><xsl:value-of select="d:value"/></td>
      </tr>
    </xsl:for-each>
  </xsl:template>
</xsl:stylesheet>
